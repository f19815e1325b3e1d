package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/**
 * Tiny encoders, served from their folders to an AWS client; what sentence-transformers says to
 * them is in the tests of models.
 */
final class EmbeddingModelTest {
  private static final String MODEL = "amazon.titan-embed-text-v2:0";
  private static final ObjectMapper JSON = new ObjectMapper();

  private static Path folder(String name) {
    return Path.of("..", "models", "src", "test", "resources", "encoders", name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void givesManyCallersWhatSentenceTransformersGives(String name) throws Exception {
    JsonNode texts = JSON.readTree(folder(name).resolve("expected.json").toFile()).get("texts");
    StoredTensor stored =
        Checkpoint.open(folder(name).resolve("expected")).require("embeddings", texts.size(), 32);
    float[] expected = Checkpoint.read(stored);
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder(name))));
        OutcropServer server = server(models);
        BedrockRuntimeClient client = client(server);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> answers = new ArrayList<>();
      for (int i = 0; i < 6 * texts.size(); i++) {
        String text = texts.get(i % texts.size()).textValue();
        answers.add(threads.submit(() -> embed(client, text)));
      }
      for (int i = 0; i < answers.size(); i++) {
        JsonNode embedding = answers.get(i).get().get("embedding");
        assertThat(embedding).hasSize(32);
        for (int j = 0; j < 32; j++) {
          assertThat(embedding.get(j).floatValue())
              .isCloseTo(expected[i % texts.size() * 32 + j], within(1e-5f));
        }
      }
    }
  }

  @Test
  void countsTheTokensOfTheTemplate() throws Exception {
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder("bert-cls"))));
        OutcropServer server = server(models);
        BedrockRuntimeClient client = client(server)) {
      assertThat(embed(client, "a").get("inputTextTokenCount").intValue()).isEqualTo(3);
    }
  }

  @Test
  void refusesARerankerWhichNoOperationServes() {
    List<ModelConfig> models = List.of(ModelConfig.of(MODEL, folder("bert-reranker")));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> ModelHost.load(models))
        .withMessageContaining("bert-reranker: is a classifier or reranker");
  }

  private static JsonNode embed(BedrockRuntimeClient client, String text) throws IOException {
    String body = JSON.writeValueAsString(JSON.createObjectNode().put("inputText", text));
    return JSON.readTree(
        client
            .invokeModel(request -> request.modelId(MODEL).body(SdkBytes.fromUtf8String(body)))
            .body()
            .asUtf8String());
  }

  private static OutcropServer server(ModelHost models) {
    return OutcropServer.start(
        ServingConfig.DEFAULT
            .withHttp(ServingConfig.DEFAULT.http().withPort(0))
            .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
        models.served(),
        models.encoders());
  }

  private static BedrockRuntimeClient client(OutcropServer server) {
    return BedrockRuntimeClient.builder()
        .endpointOverride(server.endpoint())
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any")))
        .build();
  }
}
