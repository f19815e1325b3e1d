package dev.outcrop.models.completion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonCheckerTest {
  private static final JsonMapper JACKSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"a\"",
          "\"",
          "\\",
          "\\n",
          "\\u00e9",
          "\\ud83d",
          "\\x",
          "é",
          "0",
          "1",
          "-",
          ".",
          "e",
          "E+",
          "12.5e-3",
          "true",
          "false",
          "null",
          "tru",
          " ",
          "\n",
          "\t",
          "\u0001",
          "\"k\":",
          "{\"a\":",
          "{\"a\":1}",
          "[1,2]");

  private static boolean checks(String text) {
    JsonChecker checker = new JsonChecker();
    for (int i = 0; i < text.length(); i++) {
      if (!checker.accept(text.charAt(i))) {
        return false;
      }
    }
    return checker.whole();
  }

  private static boolean jacksonReads(String text) {
    try {
      return JACKSON.readTree(text) instanceof ObjectNode;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  @Test
  void agreesWithJackson() {
    SplittableRandom random = new SplittableRandom(3);
    int objects = 0;
    for (int round = 0; round < 200_000; round++) {
      StringBuilder text = new StringBuilder("{");
      for (int pieces = random.nextInt(8); pieces > 0; pieces--) {
        text.append(PIECES.get(random.nextInt(PIECES.size())));
      }
      text.append('}');
      boolean object = jacksonReads(text.toString());
      objects += object ? 1 : 0;
      assertThat(checks(text.toString())).as(text.toString()).isEqualTo(object);
    }
    assertThat(objects).as("valid ones among them").isGreaterThan(1_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\u0001',
      textBlock =
          """
          {"a":[1,-0,0.5,1e9,-1.25E-3,true,false,null,"x",{},[]],"b":{"c":"\\"\\\\\\/\\b\\f\\n\\r\\t\\uABcd"}}~true
          {"a":01}~false
          {"a":1.}~false
          {"a":-}~false
          {"a":1e}~false
          {"a":+1}~false
          {"a":.5}~false
          {"a":NaN}~false
          {"a":truE}~false
          {"a":"\\u00g0"}~false
          {"a":"\\'"}~false
          {"a":1,}~false
          {"a":[1,]}~false
          {"a":[}~false
          {"a":]}~false
          {"a":{]}~false
          {a:1}~false
          {"a" 1}~false
          {"a":1 2}~false
          {'a':1}~false
          {"a":1}}~false
          [1]~false
          """)
  void followsTheGrammar(String text, boolean object) {
    assertThat(checks(text)).isEqualTo(object);
  }

  @Test
  void refusesWhatIsTooDeep() {
    int inner = JsonChecker.MAX_DEPTH - 1;
    assertThat(checks("{\"a\":" + "[".repeat(inner) + "]".repeat(inner) + "}")).isTrue();
    assertThat(checks("{\"a\":" + "[".repeat(inner + 1) + "]".repeat(inner + 1) + "}")).isFalse();
  }
}
