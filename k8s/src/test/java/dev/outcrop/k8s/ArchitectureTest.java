package dev.outcrop.k8s;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** This module stands alone, its packages have no cycle, and only some know Kubernetes. */
final class ArchitectureTest {
  private static final String ROOT = "dev.outcrop.k8s";

  /**
   * What puts all together; it is in the root package, which the others use, for its short name.
   */
  private static final Set<String> TOP = Set.of("Main", "Fronts", "ClusterAuth", "StopSignal");

  private static JavaClasses all;

  @BeforeAll
  static void read() throws URISyntaxException {
    all =
        new ClassFileImporter()
            .importPath(
                Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
  }

  private static boolean isTop(JavaClass type) {
    return type.getPackageName().equals(ROOT)
        && TOP.contains(type.getName().substring(ROOT.length() + 1).replaceAll("\\$.*", ""));
  }

  @Test
  void isLookedAt() {
    assertThat(all.stream().filter(ArchitectureTest::isTop).count()).isGreaterThanOrEqualTo(3);
    assertThat(all.stream().map(JavaClass::getPackageName))
        .contains(
            ROOT + ".config",
            ROOT + ".external",
            ROOT + ".keda",
            ROOT + ".policy",
            ROOT + ".watch");
  }

  @Test
  void knowsNoOtherModule() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.outcrop.models..", "dev.outcrop.batching..", "dev.outcrop.serving..")
        .check(all);
  }

  @Test
  void packagesHaveNoCycle() {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return isTop(type)
                    ? SliceIdentifier.of("top")
                    : SliceIdentifier.of(type.getPackageName());
              }

              @Override
              public String getDescription() {
                return "packages and what puts them together";
              }
            })
        .should()
        .beFreeOfCycles()
        .check(all);
  }

  @Test
  void packagesAreOneLevelDeep() {
    classes().should().resideInAnyPackage(ROOT, ROOT + ".*").check(all);
  }

  @Test
  void policyKnowsNeitherKubernetesNorAnyOtherPackageButTheRoot() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".policy")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.fabric8..", "java.net.http..", ROOT + ".config", ROOT + ".watch")
        .check(all);
  }

  @Test
  void onlyWatchAndWhatStartsItSpeakToTheApiServer() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT, ROOT + ".watch")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.fabric8..")
        .check(all);
  }
}
