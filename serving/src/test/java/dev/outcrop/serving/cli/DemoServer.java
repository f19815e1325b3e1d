package dev.outcrop.serving.cli;

import dev.outcrop.models.testing.StandIn;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.testing.SdkClients;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/** A real server on the demo model, with real AWS clients. */
final class DemoServer implements AutoCloseable {
  static final String MODEL = "outcrop.demo-v1:0";
  static final Path FOLDER = Path.of("..", "models", "demo", "model");

  /** What runs the model. */
  enum Engine {
    /** The checkpoint in libtorch. */
    CHECKPOINT,
    /** A bundle that was compiled to fixed shapes, on the processor. */
    BUNDLE;

    private Path folder() {
      return switch (this) {
        case CHECKPOINT -> FOLDER;
        case BUNDLE -> bundle();
      };
    }
  }

  final ModelHost models;
  final OutcropServer server;
  final BedrockRuntimeClient sync;
  final BedrockRuntimeAsyncClient async;

  DemoServer(ModelConfig.Dtype dtype) {
    this(Engine.CHECKPOINT, dtype);
  }

  DemoServer(Engine engine, ModelConfig.Dtype dtype) {
    models = ModelHost.load(List.of(ModelConfig.of(MODEL, engine.folder()).in(dtype)));
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            models.served());
    sync = SdkClients.sync(endpoint());
    async = SdkClients.async(endpoint());
  }

  private static Path bundle() {
    try {
      Path bundle = Files.createTempDirectory("outcrop-bundle");
      Path models = Path.of("..", "models");
      Path compiled = models.resolve(Path.of("src", "test", "resources", "neuron", "demo"));
      StandIn.write(compiled, FOLDER, bundle);
      return bundle;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI endpoint() {
    return server.endpoint();
  }

  int managementPort() {
    return server.managementPort();
  }

  @Override
  public void close() {
    sync.close();
    async.close();
    server.close();
    models.close();
  }
}
