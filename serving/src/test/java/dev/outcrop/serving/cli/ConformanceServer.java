package dev.outcrop.serving.cli;

import dev.outcrop.batching.Batcher;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.token.credentials.SdkToken;
import software.amazon.awssdk.auth.token.credentials.StaticTokenProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.auth.scheme.BearerAuthScheme;
import software.amazon.awssdk.http.auth.spi.scheme.AuthSchemeOption;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseRequest;
import software.amazon.awssdk.services.bedrockruntime.model.ConverseResponse;
import software.amazon.awssdk.services.bedrockruntime.model.CountTokensRequest;
import software.amazon.awssdk.services.bedrockruntime.model.CountTokensResponse;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelRequest;
import software.amazon.awssdk.services.bedrockruntime.model.InvokeModelResponse;

/**
 * A real server for clients with keys: the demo model, the same for one request at a time, and a
 * small encoder.
 */
final class ConformanceServer implements AutoCloseable {
  static final String MODEL = "outcrop.demo-v1:0";
  static final String SINGLE = "outcrop.single-v1:0";
  static final String EMBEDDER = "amazon.titan-embed-text-v2:0";
  private static final String KEY = "conformance-key";
  private static final String STRANGER_KEY = "stranger-key";
  private static final String ACCESS = "OCAKCONFORMANCE00001";
  private static final String STRANGER_ACCESS = "OCAKSTRANGER00000001";
  private static final String SECRET = "conformance-secret-0123456789-0123456789";

  private static final List<AuthSchemeOption> BEARER =
      List.of(AuthSchemeOption.builder().schemeId(BearerAuthScheme.SCHEME_ID).build());

  private final ModelHost models;
  private final OutcropServer server;
  private final Sync sync;
  private final Async async;

  /** What both kinds of client can do. No AutoCloseable: JUnit closes such arguments. */
  sealed interface Client {
    ConverseResponse converse(Consumer<ConverseRequest.Builder> request);

    InvokeModelResponse invoke(Consumer<InvokeModelRequest.Builder> request);

    CountTokensResponse countTokens(Consumer<CountTokensRequest.Builder> request);

    /** One like it, whose principal may not call the model. */
    Client denied();

    void close();
  }

  /** The sync client, which signs (SigV4). */
  record Sync(BedrockRuntimeClient client, BedrockRuntimeClient other) implements Client {
    @Override
    public ConverseResponse converse(Consumer<ConverseRequest.Builder> request) {
      return client.converse(request);
    }

    @Override
    public InvokeModelResponse invoke(Consumer<InvokeModelRequest.Builder> request) {
      return client.invokeModel(request);
    }

    @Override
    public CountTokensResponse countTokens(Consumer<CountTokensRequest.Builder> request) {
      return client.countTokens(request);
    }

    @Override
    public Client denied() {
      return new Sync(other, other);
    }

    @Override
    public void close() {
      client.close();
      other.close();
    }

    @Override
    public String toString() {
      return "sync";
    }
  }

  /** The async client, with a bearer token. */
  record Async(BedrockRuntimeAsyncClient client, BedrockRuntimeAsyncClient other)
      implements Client {
    @Override
    public ConverseResponse converse(Consumer<ConverseRequest.Builder> request) {
      return client.converse(request).join();
    }

    @Override
    public InvokeModelResponse invoke(Consumer<InvokeModelRequest.Builder> request) {
      return client.invokeModel(request).join();
    }

    @Override
    public CountTokensResponse countTokens(Consumer<CountTokensRequest.Builder> request) {
      return client.countTokens(request).join();
    }

    @Override
    public Client denied() {
      return new Async(other, other);
    }

    @Override
    public void close() {
      client.close();
      other.close();
    }

    @Override
    public String toString() {
      return "async";
    }
  }

  /** A key that never expires. */
  private record Token(String token) implements SdkToken {
    @Override
    public Optional<Instant> expirationTime() {
      return Optional.empty();
    }
  }

  private ConformanceServer(ModelHost models, OutcropServer server) {
    this.models = models;
    this.server = server;
    this.sync = new Sync(syncClient(ACCESS), syncClient(STRANGER_ACCESS));
    this.async = new Async(asyncClient(KEY), asyncClient(STRANGER_KEY));
  }

  /** Starts one with its files in a folder that outlives it. */
  static ConformanceServer start(Path folder) throws IOException {
    Files.writeString(
        folder.resolve("policy.yaml"),
        """
        tenants: [{id: conformance}]
        principals:
          - id: client
            tenant: conformance
            models: ["*"]
            api-keys: [{sha256: %s}]
            access-keys: [{id: %s, secret: %s}]
          - id: stranger
            tenant: conformance
            models: ["nothing.*"]
            api-keys: [{sha256: %s}]
            access-keys: [{id: %s, secret: %s}]
        """
            .formatted(sha256(KEY), ACCESS, SECRET, sha256(STRANGER_KEY), STRANGER_ACCESS, SECRET));
    Path demo = Path.of("..", "models", "demo", "model").toAbsolutePath();
    Path encoder =
        Path.of("..", "models", "src", "test", "resources", "encoders", "bert-mean")
            .toAbsolutePath();
    Path yaml =
        Files.writeString(
            folder.resolve("outcrop.yaml"),
            """
            http: {port: 0}
            management: {port: 0}
            auth: {policy-file: policy.yaml}
            models:
              - {id: "%s", path: "%s"}
              - {id: "%s", path: "%s", kv-memory: 64MB, batching: {sharing: {tenant-requests: 1}}}
              - {id: "%s", path: "%s"}
            """
                .formatted(MODEL, demo, SINGLE, demo, EMBEDDER, encoder));
    ServingConfig config = ConfigFile.read(yaml);
    ModelHost models = ModelHost.load(config.models());
    return new ConformanceServer(
        models, OutcropServer.start(config, models.served(), models.encoders()));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ClientOverrideConfiguration once() {
    return ClientOverrideConfiguration.builder()
        .retryStrategy(retries -> retries.maxAttempts(1))
        .build();
  }

  private BedrockRuntimeClient syncClient(String accessKey) {
    return BedrockRuntimeClient.builder()
        .endpointOverride(server.endpoint())
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, SECRET)))
        .overrideConfiguration(once())
        .build();
  }

  private BedrockRuntimeAsyncClient asyncClient(String key) {
    return BedrockRuntimeAsyncClient.builder()
        .endpointOverride(server.endpoint())
        .region(Region.US_EAST_1)
        .authSchemeProvider(_ -> BEARER)
        .tokenProvider(StaticTokenProvider.create(new Token(key)))
        .overrideConfiguration(once())
        .build();
  }

  Sync sync() {
    return sync;
  }

  Async async() {
    return async;
  }

  /** Sequences of a model in the engine. */
  int running(String model) {
    return batcher(model).signals().running();
  }

  /** Its KV that sequences use. */
  long kvReferenced(String model) {
    return batcher(model).signals().kvUnitsReferenced();
  }

  private Batcher batcher(String model) {
    return models.served().stream()
        .filter(served -> served.id().equals(model))
        .findFirst()
        .orElseThrow()
        .batcher();
  }

  @Override
  public void close() {
    sync.close();
    async.close();
    server.close();
    models.close();
  }
}
