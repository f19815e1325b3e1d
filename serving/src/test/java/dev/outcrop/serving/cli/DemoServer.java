package dev.outcrop.serving.cli;

import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/** A real server on the demo model, with real AWS clients. */
final class DemoServer implements AutoCloseable {
  static final String MODEL = "outcrop.demo-v1:0";
  static final Path FOLDER = Path.of("..", "models", "demo", "model");

  final ModelHost models;
  final OutcropServer server;
  final BedrockRuntimeClient sync;
  final BedrockRuntimeAsyncClient async;

  DemoServer(ModelConfig.Dtype dtype) {
    models = ModelHost.load(List.of(ModelConfig.of(MODEL, FOLDER).in(dtype)));
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null)),
            models.served());
    var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));
    sync =
        BedrockRuntimeClient.builder()
            .endpointOverride(endpoint())
            .region(Region.US_EAST_1)
            .credentialsProvider(credentials)
            .build();
    async =
        BedrockRuntimeAsyncClient.builder()
            .endpointOverride(endpoint())
            .region(Region.US_EAST_1)
            .credentialsProvider(credentials)
            .build();
  }

  URI endpoint() {
    return server.endpoint();
  }

  @Override
  public void close() {
    sync.close();
    async.close();
    server.close();
    models.close();
  }
}
