package dev.outcrop.serving.testing;

import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.CatalogConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrock.BedrockClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ContentBlock;

/** A server with models of every kind, and a client of its control plane. */
public final class ControlServer implements AutoCloseable {
  public static final String META = "meta.llama3-1-8b-instruct-v1:0";
  public static final String EMBED = "cohere.embed-english-v3";
  public static final String RERANK = "cohere.rerank-v3-5:0";

  /** An application inference profile of the first model. */
  public static final String PROFILE =
      "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123def456";

  /** One of another model and account, whose id is the same. */
  public static final String NAMESAKE =
      "arn:aws:bedrock:eu-west-1:999999999999:application-inference-profile/abc123def456";

  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  private final List<EncodeBatcher> batchers = new ArrayList<>();
  private final OutcropServer server;

  /** A client that does not try again. */
  public final BedrockClient client;

  public ControlServer() {
    ModelConfig meta = ModelConfig.of(META, Path.of("nowhere")).called("Llama of ours", "Acme");
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null))
                .withModels(List.of(meta))
                .withCatalog(new CatalogConfig("eu-west-1", "123456789012")),
            List.of(
                generator(META, "llama", PROFILE),
                generator("org/My.model"),
                generator("house-model", NAMESAKE),
                generator("test-model"),
                generator("llama-3.1-8b-instruct")),
            List.of(
                new ServedEncoder.Embedder(
                    EMBED, List.of(), batcher(), new CharText(true, Map.of()), 4, 256, 8),
                new ServedEncoder.Reranker(
                    RERANK, List.of(), batcher(), new CharText(true, Map.of()), 8)));
    client =
        BedrockClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.EU_WEST_1)
            .credentialsProvider(CREDENTIALS)
            .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
            .build();
  }

  private static ServedModel generator(String id, String... aliases) {
    return new ServedModel(
        id, List.of(aliases), new ScriptedBatcher(_ -> "hi"), new ByteText(), TestServer.DEFAULTS);
  }

  private EncodeBatcher batcher() {
    batchers.add(
        EncodeBatcher.start(
            "none", batch -> new float[batch.rows()][1], EncodeConfig.DEFAULT, System::nanoTime));
    return batchers.getLast();
  }

  public int port() {
    return server.port();
  }

  public RawHttp.Response get(String path) throws IOException {
    try (RawHttp http = new RawHttp(server.port())) {
      http.write(RawHttp.request("GET", path, "", ""));
      return http.response();
    }
  }

  /** What the model of an id says when it is invoked. */
  public String answers(String modelId) {
    try (BedrockRuntimeClient runtime =
        BedrockRuntimeClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.EU_WEST_1)
            .credentialsProvider(CREDENTIALS)
            .build()) {
      return runtime
          .converse(
              r ->
                  r.modelId(modelId)
                      .messages(m -> m.role("user").content(ContentBlock.fromText("x"))))
          .output()
          .message()
          .content()
          .getFirst()
          .text();
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
    batchers.forEach(EncodeBatcher::close);
  }
}
