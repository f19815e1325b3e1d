package dev.outcrop.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Direction: serving uses batching uses models, never the other way, and packages have no cycle.
 */
final class ArchitectureTest {
  private static final String SERVING = "dev.outcrop.serving..";
  private static final String BATCHING = "dev.outcrop.batching..";
  private static final String MODELS = "dev.outcrop.models..";

  /** What the descriptors of models and batching export. */
  private static final List<String> EXPORTED =
      List.of(
          "dev.outcrop.models",
          "dev.outcrop.models.engine",
          "dev.outcrop.models.text",
          "dev.outcrop.models.loading",
          "dev.outcrop.models.testing",
          "dev.outcrop.batching",
          "dev.outcrop.batching.loop");

  private static JavaClasses all;

  @BeforeAll
  static void read() {
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.outcrop");
  }

  @Test
  void everyModuleIsLookedAt() {
    for (String module : List.of("models", "batching", "serving")) {
      assertThat(all.stream().anyMatch(c -> c.getPackageName().startsWith("dev.outcrop." + module)))
          .as(module)
          .isTrue();
    }
  }

  @Test
  void servingUsesBatchingUsesModels() {
    noClasses()
        .that()
        .resideInAPackage(MODELS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(BATCHING, SERVING)
        .check(all);
    noClasses()
        .that()
        .resideInAPackage(BATCHING)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(SERVING)
        .check(all);
  }

  @Test
  void batchingSeesNoTextAndNoTensor() {
    noClasses()
        .that()
        .resideInAPackage(BATCHING)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.outcrop.models.text..",
            "dev.outcrop.models.torch..",
            "dev.outcrop.models.weights..",
            "dev.outcrop.models.arch..",
            "ai.djl..",
            "com.fasterxml..")
        .check(all);
  }

  @Test
  void httpStaysInServing() {
    noClasses()
        .that()
        .resideInAnyPackage(MODELS, BATCHING)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.helidon..", "java.net.http..", "com.sun.net.httpserver..")
        .check(all);
    noClasses()
        .that()
        .resideInAPackage(SERVING)
        .and()
        .resideOutsideOfPackages("dev.outcrop.serving.http", "dev.outcrop.serving.transport")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.helidon..")
        .check(all);
  }

  @Test
  void packagesHaveNoCycle() {
    slices().matching("dev.outcrop.(**)").should().beFreeOfCycles().check(all);
  }

  @Test
  void codecsDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("dev.outcrop.serving.bedrock")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.outcrop.serving.openai")
        .check(all);
    noClasses()
        .that()
        .resideInAPackage("dev.outcrop.serving.openai")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.outcrop.serving.bedrock")
        .check(all);
  }

  @Test
  void packagesAreOneLevelDeep() {
    classes()
        .that(resideInOurs())
        .should()
        .resideInAnyPackage("dev.outcrop.*", "dev.outcrop.*.*")
        .check(all);
  }

  @Test
  void noJsonTypeIsInAnExportedSignature() {
    List<String> leaks = new ArrayList<>();
    for (JavaClass type : all) {
      if (EXPORTED.contains(type.getPackageName())
          && type.getModifiers().contains(JavaModifier.PUBLIC)) {
        signature(type)
            .filter(name -> name.startsWith("com.fasterxml.") || name.startsWith("com.google.gson"))
            .forEach(name -> leaks.add(type.getName() + " shows " + name));
      }
    }
    assertThat(leaks).isEmpty();
  }

  private static Stream<String> signature(JavaClass type) {
    Stream<String> units =
        type.getCodeUnits().stream()
            .filter(unit -> visible(unit.getModifiers()))
            .flatMap(ArchitectureTest::types);
    Stream<String> fields =
        type.getFields().stream()
            .filter(field -> visible(field.getModifiers()))
            .map(JavaField::getRawType)
            .map(JavaClass::getName);
    return Stream.concat(units, fields);
  }

  private static Stream<String> types(JavaCodeUnit unit) {
    return Stream.concat(
        Stream.of(unit.getRawReturnType().getName()),
        unit.getRawParameterTypes().stream().map(JavaClass::getName));
  }

  private static boolean visible(java.util.Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static DescribedPredicate<JavaClass> resideInOurs() {
    return DescribedPredicate.describe(
        "are ours", type -> type.getPackageName().startsWith("dev.outcrop."));
  }
}
