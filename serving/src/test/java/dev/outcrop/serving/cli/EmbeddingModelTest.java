package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ValidationException;

/**
 * Tiny encoders, served from their folders to an AWS client; what sentence-transformers says to
 * them is in the tests of models.
 */
final class EmbeddingModelTest {
  private static final String MODEL = "amazon.titan-embed-text-v2:0";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path copy;

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

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void givesTheSameInTheBodiesOfCohereAndOpenAi(String name) throws Exception {
    JsonNode texts = JSON.readTree(folder(name).resolve("expected.json").toFile()).get("texts");
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder(name))));
        OutcropServer server = server(models);
        BedrockRuntimeClient client = client(server)) {
      ObjectNode body = JSON.createObjectNode().put("input_type", "search_document");
      body.set("texts", texts);
      JsonNode cohere = invoke(client, body).get("embeddings");
      ObjectNode request = JSON.createObjectNode().put("model", MODEL);
      request.set("input", texts);
      JsonNode openAi =
          JSON.readTree(
                  RawHttp.post(server.port(), "/openai/v1/embeddings", request.toString()).text())
              .get("data");

      assertThat(cohere).hasSize(texts.size());
      for (int i = 0; i < texts.size(); i++) {
        JsonNode titan = embed(client, texts.get(i).textValue()).get("embedding");
        for (int j = 0; j < 32; j++) {
          double wanted = titan.get(j).doubleValue();
          assertThat(cohere.get(i).get(j).doubleValue()).isCloseTo(wanted, within(1e-5));
          assertThat(openAi.get(i).get("embedding").get(j).doubleValue())
              .isCloseTo(wanted, within(1e-5));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-mean", "xlm-roberta", "modernbert", "qwen3-embedding"})
  void cutsTextsToTheLongest(String name) throws Exception {
    String text = "The rock comes to the surface. ".repeat(100);
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder(name))));
        OutcropServer server = server(models);
        BedrockRuntimeClient client = client(server)) {
      int longest = models.encoders().getFirst().maxTokens();
      ObjectNode body = JSON.createObjectNode().put("input_type", "search_document");
      body.putArray("texts").add(text);
      assertThatExceptionOfType(ValidationException.class)
          .isThrownBy(() -> invoke(client, body))
          .withMessageContaining("Input is too long for requested model.");
      JsonNode end = invoke(client, body.put("truncate", "END")).get("embeddings");
      JsonNode start = invoke(client, body.put("truncate", "START")).get("embeddings");
      assertThat(end.get(0)).hasSize(32);
      assertThat(start).isNotEqualTo(end);
      assertThat(longest).isLessThan(text.length());
    }
  }

  /** A prompt of the checkpoint, and one of the operator in its place. */
  @Test
  void putsThePromptsOfTheCheckpointInFront() throws Exception {
    try (var files = Files.walk(folder("bert-mean"))) {
      for (Path file : files.toList()) {
        Path to = copy.resolve(folder("bert-mean").relativize(file).toString());
        if (!Files.isDirectory(to)) {
          Files.copy(file, to);
        }
      }
    }
    Path prompts = copy.resolve("config_sentence_transformers.json");
    Files.writeString(
        prompts, Files.readString(prompts).replace("\"query\": \"\"", "\"query\": \"find: \""));
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, copy)));
        OutcropServer server = server(models);
        BedrockRuntimeClient client = client(server)) {
      ObjectNode body = JSON.createObjectNode();
      body.putArray("texts").add("water");
      JsonNode query = invoke(client, body.put("input_type", "search_query")).get("embeddings");
      JsonNode document =
          invoke(client, body.put("input_type", "search_document")).get("embeddings");
      assertThat(query.get(0)).isEqualTo(embed(client, "find: water").get("embedding"));
      assertThat(document.get(0)).isEqualTo(embed(client, "water").get("embedding"));
    }
  }

  private static JsonNode embed(BedrockRuntimeClient client, String text) throws IOException {
    return invoke(client, JSON.createObjectNode().put("inputText", text));
  }

  private static JsonNode invoke(BedrockRuntimeClient client, ObjectNode body) throws IOException {
    String text = JSON.writeValueAsString(body);
    return JSON.readTree(
        client
            .invokeModel(request -> request.modelId(MODEL).body(SdkBytes.fromUtf8String(text)))
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
