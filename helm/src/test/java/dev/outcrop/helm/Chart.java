package dev.outcrop.helm;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The chart, rendered by Helm's own engine. */
final class Chart {
  static final Path FOLDER = Path.of("outcrop");
  static final Path EXAMPLES = FOLDER.resolve("examples");
  static final Path MINIMAL = Path.of("src/test/resources/rendering/minimal/in-values.yaml");
  static final String RELEASE = "example";
  static final String NAMESPACE = "models";

  /** Refuses a key that stands twice in a map, as an API server does not. */
  static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  /** This library leaves the hooks out of what it renders; under another name they are shown. */
  private static final String HOOK = "helm.sh/hook: ";

  private static final String SHOWN_HOOK = "helm.sh/shown-hook: ";
  private static final Path SHOWN = copy(text -> text.replace(HOOK, SHOWN_HOOK));

  private Chart() {}

  /** The value files that every promise of the chart is checked with. */
  static List<Path> valueFiles() {
    List<Path> files = new ArrayList<>(List.of(MINIMAL));
    files.addAll(examples("values-"));
    return files;
  }

  static List<Path> examples(String prefix) {
    if (!Files.isDirectory(EXAMPLES)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(EXAMPLES)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final Map<Path, Rendering> RENDERED = new ConcurrentHashMap<>();

  /** A file of values under the usual name, rendered once. */
  static Rendering render(Path values) {
    return RENDERED.computeIfAbsent(values, file -> render(file, RELEASE, NAMESPACE));
  }

  static Rendering render(Path values, String release, String namespace) {
    JsonNode all = merged(FOLDER.resolve("values.yaml"), () -> YAML.readTree(values.toFile()));
    return Rendering.of(text(values, release, namespace), all, release, namespace);
  }

  /** The minimal values with others over them. */
  static Rendering renderWith(String more) {
    return render(valuesWith(more));
  }

  static Path valuesWith(String more) {
    return overlaid(MINIMAL, more);
  }

  /** A file of values with others over them, maps merged, everything else replaced. */
  static Path overlaid(Path base, String more) {
    return file(merged(base, () -> YAML.readTree(more)));
  }

  private interface Read {
    JsonNode values() throws IOException;
  }

  private static ObjectNode merged(Path base, Read more) {
    try {
      ObjectNode values = (ObjectNode) YAML.readTree(base.toFile());
      merge(values, more.values());
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path file(JsonNode values) {
    try {
      Path file = Files.createTempFile("values", ".yaml");
      file.toFile().deleteOnExit();
      YAML.writeValue(file.toFile(), values);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(Path values, String release, String namespace) {
    return new Helm(SHOWN)
        .template()
        .withName(release)
        .withNamespace(namespace)
        .withValuesFile(values)
        .call()
        .replace(SHOWN_HOOK, HOOK);
  }

  /** Helm's strict lint of the chart with a file of values in place of its own. */
  static LintResult lint(Path values) {
    try {
      Path copy = copy(UnaryOperator.identity());
      Path merged = overlaid(FOLDER.resolve("values.yaml"), Files.readString(values));
      Files.copy(merged, copy.resolve("values.yaml"), StandardCopyOption.REPLACE_EXISTING);
      return new Helm(copy).lint().strict().call();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The chart in a folder of its own, its templates changed, until the process ends. */
  private static Path copy(UnaryOperator<String> change) {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      Path folder = Files.createTempDirectory("chart");
      folder.toFile().deleteOnExit(); // what is registered last is deleted first
      Path copy = folder.resolve(FOLDER);
      for (Path file : files.filter(path -> !path.startsWith(EXAMPLES)).toList()) {
        Path target = copy.resolve(FOLDER.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.writeString(target, change.apply(Files.readString(file)));
        }
        target.toFile().deleteOnExit();
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Helm prints after an installation. */
  static String notes(Path values) {
    String printed =
        new Helm(FOLDER)
            .install()
            .clientOnly()
            .dryRun()
            .withName(RELEASE)
            .withNamespace(NAMESPACE)
            .withValuesFile(values)
            .call()
            .getOutput();
    return printed.substring(printed.indexOf("NOTES:"));
  }

  private static void merge(ObjectNode into, JsonNode more) {
    more.properties()
        .forEach(
            entry -> {
              if (into.get(entry.getKey()) instanceof ObjectNode inner
                  && entry.getValue().isObject()) {
                merge(inner, entry.getValue());
              } else {
                into.set(entry.getKey(), entry.getValue());
              }
            });
  }
}
