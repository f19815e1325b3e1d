package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.jinja.JinjaTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every conversation under every template, against what Python's jinja2 rendered. */
class ChatTemplateGoldenTest {
  private static final String DELIBERATE = "TemplateError: ";

  static Stream<Arguments> rendersAsPythonDoes() {
    return all(
        TemplateCases.conversations(),
        "",
        template -> {
          ChatTemplate chat = TemplateCases.open(template);
          return conversation -> TemplateCases.render(chat, conversation).text();
        });
  }

  static Stream<Arguments> rendersOtherShapesAsPythonDoes() {
    return all(
        TemplateCases.rawConversations(),
        "raw: ",
        template -> {
          JinjaTemplate jinja = JinjaTemplate.parse(TemplateCases.source(template));
          Map<String, String> tokens = TemplateCases.specialTokens(template);
          return conversation -> TemplateCases.renderRaw(jinja, tokens, conversation).chars();
        });
  }

  private static Stream<Arguments> all(
      JsonNode conversations, String kind, Function<String, Function<JsonNode, String>> opener) {
    List<Arguments> all = new ArrayList<>();
    for (String template : TemplateCases.templates()) {
      JsonNode goldens = TemplateCases.golden(template);
      Function<JsonNode, String> renderer = opener.apply(template);
      for (JsonNode conversation : conversations) {
        String name = conversation.path("name").asText();
        Supplier<String> rendering = () -> renderer.apply(conversation);
        all.add(Arguments.of(template, name, goldens.path(kind + name), rendering));
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource
  void rendersAsPythonDoes(
      String template, String name, JsonNode golden, Supplier<String> rendering) {
    check(golden, rendering);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource
  void rendersOtherShapesAsPythonDoes(
      String template, String name, JsonNode golden, Supplier<String> rendering) {
    check(golden, rendering);
  }

  private static void check(JsonNode golden, Supplier<String> rendering) {
    if (!golden.has("error")) {
      assertThat(rendering.get()).isEqualTo(golden.path("text").textValue());
      return;
    }
    String error = golden.path("error").textValue();
    assertThatThrownBy(rendering::get)
        .as("Python: %s", error)
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.TEMPLATE_FAILED))
        .satisfies(
            e -> {
              assertThat(e.getMessage().contains("the template refuses the conversation: "))
                  .isEqualTo(error.startsWith(DELIBERATE));
              if (error.startsWith(DELIBERATE) && !e.getMessage().contains("...")) {
                assertThat(e).hasMessageEndingWith(error.substring(DELIBERATE.length()));
              }
            });
  }

  @Test
  void coversTemplatesOfOthersAndShapesOfEveryKind() {
    assertThat(TemplateCases.templates()).hasSizeGreaterThanOrEqualTo(40);
    assertThat(TemplateCases.conversations().size() + TemplateCases.rawConversations().size())
        .isGreaterThanOrEqualTo(100);
    for (String template : TemplateCases.templates()) {
      assertThat(TemplateCases.golden(template).findValues("text"))
          .as(template)
          .hasSizeGreaterThan(30);
    }
  }
}
