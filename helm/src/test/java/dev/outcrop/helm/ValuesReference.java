package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads what values.yaml says of its keys. The comment right above a key is its own: {@code # --}
 * begins what it means, a comment without that introduces a map, and {@code # @section --} names
 * the section of the key and all in it.
 */
final class ValuesReference {
  private static final Pattern KEY = Pattern.compile("( *)([A-Za-z][A-Za-z0-9_-]*):(?: .*)?");
  private static final String SECTION = "@section -- ";

  private ValuesReference() {}

  /**
   * One key.
   *
   * @param path its way from the top, with dots
   * @param value its default, or nothing where the keys in it have rows of their own
   */
  record Key(String path, String section, String text, JsonNode value, boolean described) {}

  private record Open(int indent, String path, String section) {}

  static List<Key> read(Path file) throws IOException {
    JsonNode values = Chart.YAML.readTree(file.toFile());
    List<Key> keys = new ArrayList<>();
    Deque<Open> open = new ArrayDeque<>();
    List<String> comment = new ArrayList<>();
    int list = -1;
    for (String line : Files.readAllLines(file)) {
      int indent = line.length() - line.stripLeading().length();
      if (line.isBlank()) {
        comment.clear();
      } else if (line.strip().startsWith("#")) {
        comment.add(line.strip().substring(1).strip());
      } else if (line.strip().startsWith("- ")) {
        list = indent;
      } else if (list >= 0 && indent > list) {
        continue;
      } else {
        list = -1;
        Matcher key = KEY.matcher(line);
        if (!key.matches()) {
          throw new AssertionError(file + ": cannot read: " + line);
        }
        while (!open.isEmpty() && open.peek().indent() >= indent) {
          open.pop();
        }
        String path = (open.isEmpty() ? "" : open.peek().path() + ".") + key.group(2);
        String section = open.isEmpty() ? "" : open.peek().section();
        for (String words : comment) {
          if (words.startsWith(SECTION)) {
            section = words.substring(SECTION.length());
          }
        }
        open.push(new Open(indent, path, section));
        keys.add(key(path, section, comment, values.at("/" + path.replace('.', '/'))));
        comment.clear();
      }
    }
    return withoutValuesOfMaps(keys);
  }

  private static Key key(String path, String section, List<String> comment, JsonNode value) {
    List<String> words = comment.stream().filter(line -> !line.startsWith(SECTION)).toList();
    boolean described = words.stream().anyMatch(line -> line.startsWith("-- "));
    String text = String.join(" ", words).replaceFirst("^-- ", "");
    return new Key(path, section, text, value, described);
  }

  private static List<Key> withoutValuesOfMaps(List<Key> keys) {
    return keys.stream()
        .map(
            key ->
                keys.stream().anyMatch(other -> other.path().startsWith(key.path() + "."))
                    ? new Key(
                        key.path(),
                        key.section(),
                        key.text(),
                        Chart.YAML.missingNode(),
                        key.described())
                    : key)
        .toList();
  }

  /** The keys as tables of Markdown, one for each section. */
  static String markdown(List<Key> keys) {
    Map<String, StringBuilder> sections = new LinkedHashMap<>();
    for (Key key : keys) {
      if (key.value().isMissingNode() && key.text().isEmpty()) {
        continue;
      }
      sections
          .computeIfAbsent(
              key.section(),
              name ->
                  new StringBuilder(
                      "### " + name + "\n\n| Key | Default | Meaning |\n|---|---|---|\n"))
          .append(
              "| `%s` | %s | %s |%n"
                  .formatted(
                      key.path(),
                      key.value().isMissingNode()
                          ? ""
                          : "`" + escaped(key.value().toString()) + "`",
                      escaped(key.text())));
    }
    return String.join("\n", sections.values());
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|");
  }
}
