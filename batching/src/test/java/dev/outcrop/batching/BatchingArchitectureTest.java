package dev.outcrop.batching;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.outcrop.batching.loop.Batchers;
import org.junit.jupiter.api.Test;

/** What this module may know, and in which direction its packages may look. */
class BatchingArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.outcrop.batching");

  @Test
  void knowsOnlyTheEngineContractAndTheJdk() {
    classes()
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java.lang..",
            "java.util..",
            "java.security..", // the key of the prefix hashes is drawn
            "java.time..",
            "org.jspecify.annotations",
            "dev.outcrop.models",
            "dev.outcrop.models.engine",
            "dev.outcrop.batching..")
        .because("no file, socket, HTTP, JSON, text or tensor type belongs into batching")
        .check(CLASSES);
  }

  @Test
  void hasNoPackageCycles() {
    slices().assignedFrom(byPackage()).should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void keepsTheContractFreeOfTheLoop() {
    noClasses()
        .that()
        .resideInAPackage("dev.outcrop.batching")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.outcrop.batching.*..")
        .check(CLASSES);
  }

  @Test
  void keepsTheSchedulerPure() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.outcrop.batching.schedule", "dev.outcrop.batching.kv")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.time..", "java.util.concurrent..", "java.io..", "java.nio..")
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(Thread.class, Runnable.class)
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(CLASSES);
  }

  @Test
  void showsOnlyTheFactoryOfTheLoop() {
    classes()
        .that()
        .resideInAPackage("dev.outcrop.batching.loop")
        .and()
        .areTopLevelClasses()
        .and()
        .doNotBelongToAnyOf(Batchers.class)
        .should()
        .notBePublic()
        .check(CLASSES);
  }

  private static SliceAssignment byPackage() {
    return new SliceAssignment() {
      @Override
      public SliceIdentifier getIdentifierOf(JavaClass type) {
        return SliceIdentifier.of(type.getPackageName());
      }

      @Override
      public String getDescription() {
        return "packages of batching";
      }
    };
  }
}
