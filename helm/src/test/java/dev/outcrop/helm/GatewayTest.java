package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What leads to a model from outside. */
class GatewayTest {
  private static final String ALIASES = "aliases: ['demo', 'arn:aws:bedrock:::custom-model/demo']";
  private static final String ROUTE =
      "httpRoute: {enabled: true, parentRefs: [{name: g}], modelHeader: X-Model}";

  private static JsonNode route(String geographies) {
    return Chart.renderWith(
            "{gateway: {%s, geographies: [%s]}, models: [{name: llama, id: 'm:0', config: {%s}, source: {pvc: {claim: c}}}]}"
                .formatted(ROUTE, geographies, ALIASES))
        .kind("HTTPRoute")
        .getFirst();
  }

  private static List<String> headers(JsonNode route) {
    return route.at("/spec/rules").findValues("headers").stream()
        .map(headers -> headers.at("/0/value").asText())
        .toList();
  }

  @Test
  void aModelsNamesLeadToItInAHeaderAsInAPath() {
    JsonNode route = route("eu, global");

    assertThat(headers(route))
        .containsExactly(
            "m:0",
            "eu.m:0",
            "global.m:0",
            "demo",
            "eu.demo",
            "global.demo",
            "arn:aws:bedrock:::custom-model/demo");
    assertThat(route.at("/spec/rules/0").findValuesAsText("value"))
        .contains("/model/eu.m:0", "/model/eu.m%3A0", "/model/global.demo")
        .noneMatch(path -> path.contains("custom-model"));
  }
}
