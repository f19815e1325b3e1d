package dev.outcrop.serving;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.outcrop.batching.Batcher;
import dev.outcrop.models.OutcropException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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
    List<String> codecs =
        Stream.of("anthropic", "bedrock", "openai").map("dev.outcrop.serving."::concat).toList();
    for (String codec : codecs) {
      noClasses()
          .that()
          .resideInAPackage(codec)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              codecs.stream().filter(other -> !other.equals(codec)).toArray(String[]::new))
          .check(all);
    }
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
    Set<String> exported = new TreeSet<>();
    exported.addAll(exports(OutcropException.class));
    exported.addAll(exports(Batcher.class));
    assertThat(exported)
        .contains("dev.outcrop.models.arch", "dev.outcrop.models.weights", "dev.outcrop.batching");

    List<String> leaks = new ArrayList<>();
    for (JavaClass type : all) {
      if (exported.contains(type.getPackageName())
          && type.getModifiers().contains(JavaModifier.PUBLIC)) {
        jsonTypes(type).forEach(name -> leaks.add(type.getName() + " shows " + name));
      }
    }
    assertThat(leaks).isEmpty();
  }

  /** The packages that the descriptor of a class's module exports. */
  private static Set<String> exports(Class<?> type) {
    try {
      Path classes = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      return ModuleFinder.of(classes).findAll().stream()
          .flatMap(module -> module.descriptor().exports().stream())
          .map(ModuleDescriptor.Exports::source)
          .collect(Collectors.toSet());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Signatures that show a JSON type, each in a place where it is easily overlooked. */
  @SuppressWarnings("unused")
  private static final class Leaks {
    abstract static class Parent implements Supplier<JsonNode> {}

    interface Bound<T extends List<? super JsonNode>> {}

    interface Argument {
      void take(Map<String, List<JsonNode>> values);
    }

    interface Result {
      List<? extends JsonNode[]> give();
    }

    interface Thrown {
      void fail() throws JsonProcessingException;
    }

    interface Method {
      <T extends JsonNode> void take(T value);
    }

    static class Field {
      protected final Map<String, JsonNode> values = Map.of();
    }
  }

  @Test
  void jsonTypesAreFoundWhereverASignatureHasThem() {
    for (Class<?> leak : Leaks.class.getDeclaredClasses()) {
      JavaClass type = new ClassFileImporter().importClasses(leak, JsonNode.class).get(leak);
      assertThat(jsonTypes(type)).as(leak.getSimpleName()).isNotEmpty();
    }
    assertThat(jsonTypes(all.get(OutcropException.class))).isEmpty();
  }

  private static Set<String> jsonTypes(JavaClass type) {
    return signature(type)
        .flatMap(each -> each.getAllInvolvedRawTypes().stream())
        .map(each -> each.getBaseComponentType().getName())
        .filter(name -> name.startsWith("com.fasterxml.") || name.startsWith("com.google.gson"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Every type that a user of the class sees, with its type arguments. */
  private static Stream<JavaType> signature(JavaClass type) {
    Stream<JavaType> own =
        Stream.of(
                type.getSuperclass().stream(),
                type.getInterfaces().stream(),
                type.getTypeParameters().stream())
            .flatMap(each -> each);
    Stream<JavaType> units =
        type.getCodeUnits().stream()
            .filter(unit -> visible(unit.getModifiers()))
            .flatMap(ArchitectureTest::types);
    Stream<JavaType> fields =
        type.getFields().stream()
            .filter(field -> visible(field.getModifiers()))
            .map(JavaField::getType);
    return Stream.of(own, units, fields).flatMap(each -> each);
  }

  private static Stream<JavaType> types(JavaCodeUnit unit) {
    return Stream.of(
            Stream.of(unit.getReturnType()),
            unit.getParameterTypes().stream(),
            unit.getTypeParameters().stream(),
            unit.getExceptionTypes().stream())
        .flatMap(each -> each);
  }

  private static boolean visible(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static DescribedPredicate<JavaClass> resideInOurs() {
    return DescribedPredicate.describe(
        "are ours", type -> type.getPackageName().startsWith("dev.outcrop."));
  }
}
