package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.EncoderText;
import dev.outcrop.serving.embed.Pairs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockagentruntime.BedrockAgentRuntimeClient;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankDocumentType;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankQueryContentType;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankRequest;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankResult;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankSource;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankSourceType;
import software.amazon.awssdk.services.bedrockagentruntime.model.RerankingConfigurationType;
import software.amazon.awssdk.services.bedrockagentruntime.model.ValidationException;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/** Tiny cross-encoders, served from their folders to AWS clients; transformers said the scores. */
final class RerankerModelTest {
  private static final String MODEL = "cohere.rerank-v3-5:0";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  @TempDir Path copy;

  private static Path folder(String name) {
    return Path.of("..", "models", "src", "test", "resources", "encoders", name);
  }

  private static OutcropServer server(ModelHost models) {
    return OutcropServer.start(
        ServingConfig.DEFAULT
            .withHttp(ServingConfig.DEFAULT.http().withPort(0))
            .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
        models.served(),
        models.encoders());
  }

  private static double[] expected(Path folder) {
    StoredTensor logits = Checkpoint.open(folder.resolve("expected")).tensors().iterator().next();
    float[] flat = Checkpoint.read(logits);
    return IntStream.range(0, flat.length).mapToDouble(i -> 1 / (1 + Math.exp(-flat[i]))).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert-reranker", "xlm-roberta-reranker", "modernbert-reranker"})
  void scoresAsTransformersDoes(String name) throws Exception {
    Path folder = folder(name);
    JsonNode pairs = JSON.readTree(folder.resolve("expected.json").toFile());
    double[] expected = expected(folder);
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder)));
        OutcropServer server = server(models);
        BedrockRuntimeClient client =
            BedrockRuntimeClient.builder()
                .endpointOverride(server.endpoint())
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .build()) {
      for (int i = 0; i < expected.length; i++) {
        ObjectNode body = JSON.createObjectNode().put("api_version", 2);
        body.set("query", pairs.get("first").get(i));
        body.putArray("documents").add(pairs.get("second").get(i));
        JsonNode results =
            JSON.readTree(
                    client
                        .invokeModel(
                            r -> r.modelId(MODEL).body(SdkBytes.fromUtf8String(body.toString())))
                        .body()
                        .asUtf8String())
                .get("results");
        assertThat(results).hasSize(1);
        assertThat(results.get(0).get("relevance_score").doubleValue())
            .isCloseTo(expected[i], within(1e-5));
      }
    }
  }

  /** What the tokenizers library makes of a pair of the fixtures, truncated longest first. */
  @ParameterizedTest
  @CsvSource({
    "bert-reranker,        2, 9,  2 61 202 191 3 86 119 117 3",
    "bert-reranker,        4, 12, 2 210 76 207 188 3 190 5 137 64 197 3",
    "bert-reranker,        0, 16, 2 182 65 61 123 76 118 3 200 65 61 123 76 118 6 3",
    "xlm-roberta-reranker, 2, 9,  0 4 80 2 2 34 35 42 2",
    "xlm-roberta-reranker, 4, 17, 0 60 43 5 63 67 46 2 2 4 70 29 9 27 33 4 2",
    "modernbert-reranker,  2, 12, 333 51 257 288 78 66 334 295 324 328 264 334",
    "modernbert-reranker,  1, 16, 333 54 71 64 83 268 264 334 51 257 288 78 66 74 278 334",
    "modernbert-reranker,  3, 9,  333 64 334 65 334"
  })
  void cutsPairsAsTheTokenizersLibraryDoes(String name, int pair, int most, String ids)
      throws Exception {
    JsonNode pairs = JSON.readTree(folder(name).resolve("expected.json").toFile());
    try (EncoderTokenizer tokenizer = EncoderTokenizer.open(folder(name))) {
      EncoderText text =
          new CheckpointEncoderText(tokenizer, new CheckpointEncoderText.Prompts("", "", "", ""));
      String first = pairs.get("first").get(pair).textValue();
      String second = pairs.get("second").get(pair).textValue();

      assertThat(new Pairs(text, first, most, Integer.MAX_VALUE).with(second).ids())
          .containsExactly(Arrays.stream(ids.split(" ")).mapToInt(Integer::parseInt).toArray());
    }
  }

  private static RerankRequest request(String query, List<String> documents, int count) {
    List<RerankSource> sources = new ArrayList<>();
    for (String document : documents) {
      sources.add(
          RerankSource.builder()
              .type(RerankSourceType.INLINE)
              .inlineDocumentSource(
                  d -> d.type(RerankDocumentType.TEXT).textDocument(t -> t.text(document)))
              .build());
    }
    return RerankRequest.builder()
        .queries(q -> q.type(RerankQueryContentType.TEXT).textQuery(t -> t.text(query)))
        .sources(sources)
        .rerankingConfiguration(
            c ->
                c.type(RerankingConfigurationType.BEDROCK_RERANKING_MODEL)
                    .bedrockRerankingConfiguration(
                        b ->
                            b.numberOfResults(count)
                                .modelConfiguration(
                                    m ->
                                        m.modelArn(
                                            "arn:aws:bedrock:us-west-2::foundation-model/"
                                                + MODEL))))
        .build();
  }

  @Test
  void ordersDocumentsForTheClientOfAgents() throws Exception {
    Path folder = folder("xlm-roberta-reranker");
    JsonNode pairs = JSON.readTree(folder.resolve("expected.json").toFile());
    List<String> documents = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      documents.add(pairs.get("second").get(i % 5).textValue() + " " + i);
    }
    try (ModelHost models = ModelHost.load(List.of(ModelConfig.of(MODEL, folder)));
        OutcropServer server = server(models);
        BedrockAgentRuntimeClient client =
            BedrockAgentRuntimeClient.builder()
                .endpointOverride(server.endpoint())
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .build()) {
      List<RerankResult> results = client.rerank(request("the hill", documents, 300)).results();

      assertThat(results).hasSize(300);
      assertThat(results.stream().map(RerankResult::index)).doesNotHaveDuplicates();
      assertThat(results)
          .isSortedAccordingTo(Comparator.comparing(RerankResult::relevanceScore).reversed());
      assertThat(results.getFirst().relevanceScore())
          .isGreaterThan(results.getLast().relevanceScore());
      assertThat(
              client.rerankPaginator(request("the hill", documents, 7)).results().stream().toList())
          .hasSize(7);
      assertThatExceptionOfType(ValidationException.class)
          .isThrownBy(() -> client.rerank(request("the hill", documents, 301)))
          .withMessageContaining("exceeds the number of sources");
    }
  }

  @Test
  void refusesClassifiersOfManyLabels() throws Exception {
    try (var files = Files.list(folder("bert-reranker"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(String.valueOf(file.getFileName())));
      }
    }
    Path config = copy.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"0\": \"LABEL_0\"", "\"0\": \"good\", \"1\": \"bad\""));
    List<ModelConfig> models = List.of(ModelConfig.of(MODEL, copy));

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> ModelHost.load(models))
        .withMessageContaining("is a classifier of 2 labels; a reranker has one");
  }
}
