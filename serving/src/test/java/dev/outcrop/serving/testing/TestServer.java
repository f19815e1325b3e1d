package dev.outcrop.serving.testing;

import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A server on free loopback ports with one scripted model. */
public final class TestServer implements AutoCloseable {
  public static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";

  /** What Bedrock documents for Llama models. */
  public static final SamplingDefaults DEFAULTS = new SamplingDefaults(0.5, 0, 0.9, 0, 1);

  public final ScriptedBatcher batcher;
  public final ByteText text = new ByteText();
  public final OutcropServer server;

  public TestServer(Function<GenerateRequest, String> script) {
    this(script, UnaryOperator.identity());
  }

  public TestServer(Function<GenerateRequest, String> script, UnaryOperator<ServingConfig> change) {
    batcher = new ScriptedBatcher(script);
    ServingConfig config =
        ServingConfig.DEFAULT
            .withHttp(ServingConfig.DEFAULT.http().withPort(0))
            .withManagement(new dev.outcrop.serving.config.ManagementConfig("127.0.0.1", 0, null));
    server =
        OutcropServer.start(
            change.apply(config),
            List.of(
                new ServedModel(
                    MODEL,
                    List.of(
                        "demo",
                        "org/name",
                        "amazon.nova-micro-v1:0",
                        "amazon.titan-text-lite-v1",
                        "meta.llama3-1-70b-instruct-v1:0"),
                    batcher,
                    text,
                    DEFAULTS)));
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
