package dev.outcrop.serving.testing;

import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ByteSize;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A server on free loopback ports with one scripted model. */
public final class TestServer implements AutoCloseable {
  public static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";

  /** Aliases, whose names tell bodies apart that have the same keys. */
  public static final String MISTRAL_TEXT = "mistral.mistral-7b-instruct-v0:2";

  public static final String MISTRAL_CHAT = "mistral.mistral-large-2407-v1:0";
  public static final String DEEPSEEK = "deepseek.r1-v1:0";
  public static final String GPT_OSS = "openai.gpt-oss-20b-1:0";
  public static final String CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0";

  /** The model as one that was imported, whose name tells nothing. */
  public static final String IMPORTED =
      "arn:aws:bedrock:us-east-1:123456789012:imported-model%2Fdemo";

  /** What Bedrock documents for Llama models. */
  public static final SamplingDefaults DEFAULTS = new SamplingDefaults(0.5, 0, 0.9, 0, 1);

  public final ScriptedBatcher batcher;
  public final ByteText text = new ByteText();
  public final OutcropServer server;

  public TestServer(Function<GenerateRequest, String> script) {
    this(script, UnaryOperator.identity());
  }

  public TestServer(Function<GenerateRequest, String> script, UnaryOperator<ServingConfig> change) {
    this(script, change, OutcropServer::start);
  }

  /** Starts a server with models. */
  public interface Start {
    OutcropServer server(ServingConfig config, Collection<ServedModel> models);
  }

  /** One that is started in a way of its own. */
  public TestServer(
      Function<GenerateRequest, String> script, UnaryOperator<ServingConfig> change, Start start) {
    batcher = new ScriptedBatcher(script);
    batcher.worked = false;
    ServingConfig config =
        ServingConfig.DEFAULT
            .withHttp(ServingConfig.DEFAULT.http().withPort(0))
            .withManagement(new dev.outcrop.serving.config.ManagementConfig("127.0.0.1", 0, null));
    server =
        start.server(
            change.apply(config),
            List.of(
                new ServedModel(
                    MODEL,
                    List.of(
                        "demo",
                        "org/name",
                        "amazon.nova-micro-v1:0",
                        "amazon.titan-text-lite-v1",
                        MISTRAL_TEXT,
                        MISTRAL_CHAT,
                        DEEPSEEK,
                        GPT_OSS,
                        CLAUDE,
                        "meta.llama3-1-70b-instruct-v1:0"),
                    batcher,
                    text,
                    DEFAULTS)));
    batcher.worked = true;
  }

  /** A change of the API port's settings. */
  public static UnaryOperator<ServingConfig> http(Consumer<HttpSettings> change) {
    return config -> {
      HttpSettings settings = new HttpSettings();
      change.accept(settings);
      return config.withHttp(settings.config());
    };
  }

  /** Settings of the API port, with defaults. */
  public static final class HttpSettings {
    private static final HttpConfig DEFAULT = ServingConfig.DEFAULT.http();
    public String host = DEFAULT.host();
    public long maxBody = DEFAULT.maxBody().bytes();
    public int maxRequests = DEFAULT.maxRequests();
    public Duration requestTimeout = DEFAULT.requestTimeout();
    public Duration writeTimeout = DEFAULT.writeTimeout();
    public Duration connectionAge = DEFAULT.connectionAge();
    public long bodyMemory = DEFAULT.bodyMemory().bytes();
    public Duration idleTimeout = DEFAULT.idleTimeout();
    public TlsConfig tls = DEFAULT.tls();

    HttpConfig config() {
      return new HttpConfig(
          host,
          0,
          new ByteSize(maxBody),
          maxRequests,
          DEFAULT.maxConnections(),
          idleTimeout,
          requestTimeout,
          writeTimeout,
          connectionAge,
          new ByteSize(bodyMemory),
          tls);
    }
  }

  /** The metrics page. */
  public String metrics() {
    return MetricsPages.now(server.managementPort());
  }

  /** The metrics page, once so many requests are on it. */
  public String metrics(int requests) throws InterruptedException {
    return MetricsPages.after(server.managementPort(), requests);
  }

  public URI endpoint() {
    return server.endpoint();
  }

  public URI management(String path) {
    return URI.create("http://127.0.0.1:" + server.managementPort() + path);
  }

  @Override
  public void close() {
    server.close();
  }
}
