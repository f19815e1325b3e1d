package dev.outcrop.models.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every snippet of template_snippets.py, against what Python's jinja2 made of it. */
class SnippetGoldenTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-09T07:05:04Z"), ZoneOffset.UTC);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Value> VARIABLES = new HashMap<>();

  static Stream<Arguments> makesOfItWhatPythonMakes() throws IOException {
    JsonNode golden;
    try (InputStream in =
        SnippetGoldenTest.class.getResourceAsStream("/chat_templates/goldens/snippets.json")) {
      golden = JSON.readTree(in);
    }
    Map<String, Object> variables =
        JSON.convertValue(
            golden.path("variables"), new TypeReference<LinkedHashMap<String, Object>>() {});
    variables.forEach((name, value) -> VARIABLES.put(name, RequestValues.of(value)));
    List<Arguments> all = new ArrayList<>();
    golden
        .path("snippets")
        .forEach(snippet -> all.add(Arguments.of(snippet.path("source").textValue(), snippet)));
    return all.stream();
  }

  @ParameterizedTest(name = "{index} {0}")
  @MethodSource
  void makesOfItWhatPythonMakes(String source, JsonNode golden) {
    if (golden.has("error")) {
      assertThatThrownBy(() -> render(source))
          .as("Python: %s", golden.path("error").textValue())
          .isInstanceOf(OutcropException.class)
          .hasMessageMatching("(?s)chat template, line \\d+: .+");
    } else {
      assertThat(render(source).chars()).isEqualTo(golden.path("text").textValue());
    }
  }

  private static Text render(String source) {
    return JinjaTemplate.parse(source).render(VARIABLES, Limits.DEFAULT, CLOCK);
  }
}
