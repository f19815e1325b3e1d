package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every conversation under every template, against what Python's jinja2 rendered. */
class ChatTemplateGoldenTest {
  static Stream<Arguments> rendersAsPythonDoes() {
    List<Arguments> all = new ArrayList<>();
    for (String template : TemplateCases.TEMPLATES) {
      for (JsonNode conversation : TemplateCases.conversations()) {
        all.add(Arguments.of(template, conversation.path("name").asText(), conversation));
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource
  void rendersAsPythonDoes(String template, String name, JsonNode conversation) {
    JsonNode golden = TemplateCases.golden(template).path(name);
    ChatTemplate chat = TemplateCases.open(template);

    if (golden.has("error")) {
      assertThatThrownBy(() -> TemplateCases.render(chat, conversation))
          .isInstanceOfSatisfying(
              OutcropException.class,
              e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED));
    } else {
      assertThat(TemplateCases.render(chat, conversation).text())
          .isEqualTo(golden.path("text").textValue());
    }
  }
}
