package dev.outcrop.serving.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelNameTest {
  @ParameterizedTest
  @CsvSource({
    "mistral.mistral-7b-instruct-v0:2,mistral,mistral-7b-instruct-v0:2",
    "us.deepseek.r1-v1:0,deepseek,r1-v1:0",
    "arn:aws:bedrock:us-east-1::foundation-model/openai.gpt-oss-20b-1:0,openai,gpt-oss-20b-1:0",
    "arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-v1:0,meta,llama3-v1:0",
    "arn:aws:bedrock:us-east-1:1:custom-model/meta.llama3/abc,meta,llama3/abc",
    "arn:aws:bedrock:us-east-1:1:imported-model/mistral.x,'',''",
    "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc,qwen,qwen3-32b",
    "own-name,qwen,qwen3-32b",
    "notmistral.x,qwen,qwen3-32b"
  })
  void isThatOfTheUrlAndElseThatOfTheServedModel(String urlId, String provider, String model) {
    assertThat(ModelName.of(urlId, served("own-name", List.of("x", "qwen.qwen3-32b"))))
        .isEqualTo(new ModelName(provider, model));
  }

  @Test
  void isEmptyWhereNoIdHasOne() {
    assertThat(ModelName.of("demo", served("demo", List.of("org/model-v0.3"))))
        .isEqualTo(new ModelName("", ""));
  }

  private static ServedModel served(String id, List<String> aliases) {
    return new ServedModel(
        id, aliases, new ScriptedBatcher(_ -> ""), new ByteText(), TestServer.DEFAULTS);
  }
}
