package dev.outcrop.models.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** CONSTRUCTS.md: every construct of the templates has a row, and the row's test tests it. */
class ConstructTableTest {
  private static final String FOLDER = "/chat_templates/";
  private static final String OTHERS = "templates that are not here";

  private static final Map<String, Set<String>> TEMPLATES = readTemplates();
  private static final Set<String> SNIPPETS = readSnippets();

  /** A row of the table. */
  record Row(String construct, List<String> usedBy, String snippet) {
    @Override
    public String toString() {
      return construct;
    }
  }

  static Stream<Row> rows() {
    return text(FOLDER + "CONSTRUCTS.md")
        .lines()
        .filter(line -> line.startsWith("| ") && line.endsWith("` |"))
        .map(line -> line.substring(2, line.length() - 3).split(" \\| ", 3))
        .map(
            cells ->
                new Row(
                    cells[0],
                    List.of(cells[1].split(", ")),
                    cells[2].substring(1).replace("\\|", "|").replace('⏎', '\n')));
  }

  @Test
  void hasARowForEveryConstructOfEveryTemplate() {
    List<String> listed = rows().map(Row::construct).toList();
    Map<String, Set<String>> missing = new TreeMap<>();
    TEMPLATES.forEach(
        (name, constructs) -> {
          Set<String> unlisted = new TreeSet<>(constructs);
          listed.forEach(unlisted::remove);
          if (!unlisted.isEmpty()) {
            missing.put(name, unlisted);
          }
        });
    assertThat(missing).as("constructs by template that CONSTRUCTS.md does not list").isEmpty();
    assertThat(listed).doesNotHaveDuplicates().hasSizeGreaterThan(120);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void namesATestThatHasTheConstruct(Row row) {
    assertThat(SNIPPETS).as("snippets with a golden").contains(row.snippet());
    assertThat(Constructs.of(row.snippet())).contains(row.construct());
  }

  @ParameterizedTest
  @MethodSource("rows")
  void namesTemplatesThatHaveTheConstruct(Row row) {
    for (String name : row.usedBy()) {
      if (name.equals(OTHERS)) {
        assertThat(TEMPLATES.values()).noneMatch(found -> found.contains(row.construct()));
      } else {
        assertThat(TEMPLATES.getOrDefault(name, Set.of())).contains(row.construct());
      }
    }
  }

  /** So that a construct which the scan does not see cannot be missed for good. */
  @Test
  void seesWhatATemplateIsMadeOf() {
    assertThat(
            Constructs.of(
                """
                {%- macro m(a, b=1) %}{{ a[1:] ~ b | tojson(indent=2) }}{% endmacro %}
                {% for x, y in d.items() if x is not string -%}
                {{ m(x, b=y) if loop.first }}{% set ns.z = -1 %}{% break %}{% endfor %}"""))
        .contains(
            "macro with defaults",
            "slice [start:]",
            "operator ~",
            "filter tojson(indent=)",
            "for with if",
            "assignment to several names",
            "method items",
            "test string",
            "operator not",
            "call of a macro with named arguments",
            "inline if without else",
            "loop.first",
            "set of a namespace's attribute",
            "operator minus",
            "break",
            "white space cut before a tag",
            "white space cut after a tag")
        .doesNotContain("comment", "for with else", "operator and");
  }

  private static Map<String, Set<String>> readTemplates() {
    Map<String, Set<String>> templates = new LinkedHashMap<>();
    StreamSupport.stream(json("templates.json").spliterator(), false)
        .forEach(
            template ->
                templates.put(
                    template.path("name").textValue(),
                    Constructs.of(
                        text("/" + template.path("folder").textValue() + "/chat_template.jinja"))));
    return templates;
  }

  private static Set<String> readSnippets() {
    Set<String> snippets = new HashSet<>();
    json("goldens/snippets.json")
        .path("snippets")
        .forEach(snippet -> snippets.add(snippet.path("source").textValue()));
    return snippets;
  }

  private static JsonNode json(String file) {
    try {
      return new ObjectMapper().readTree(text(FOLDER + file));
    } catch (IOException malformed) {
      throw new UncheckedIOException(malformed);
    }
  }

  private static String text(String resource) {
    try (InputStream in = ConstructTableTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
