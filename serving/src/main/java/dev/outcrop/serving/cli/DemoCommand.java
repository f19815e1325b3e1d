package dev.outcrop.serving.cli;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code outcrop demo}: the main job on the embedded model. */
@Command(
    name = "demo",
    description = "Serves the embedded demo model and prints how to chat with it.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final String MODEL_ID = "outcrop.demo-v1:0";

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--ask", description = "Ask this over HTTP, print the answer and exit")
  private @Nullable String question;

  @Option(
      names = "--port",
      description = "Port of the API; 0 for any free one (8080; with --ask any free one)")
  private @Nullable Integer port;

  @Option(names = "--model", description = "Another checkpoint folder than the embedded one")
  private @Nullable Path model;

  // A logger's level lasts only while somebody holds the logger.
  private static final Logger LOGS = Logger.getLogger("dev.outcrop");

  @Override
  public Integer call() throws Exception {
    if (port != null && (port < 0 || port > HttpConfig.MAX_PORT)) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(),
          "--port must be between 0 and %d, was %d".formatted(HttpConfig.MAX_PORT, port));
    }
    if (question != null) {
      LOGS.setLevel(Level.WARNING);
    }
    ServingConfig settings =
        ServingConfig.DEFAULT
            .withModels(List.of(ModelConfig.of(MODEL_ID, folder())))
            .withHttp(ServingConfig.DEFAULT.http().withPort(apiPort()))
            .withManagement(new ManagementConfig("127.0.0.1", 0, null));
    StopSignal signal = StopSignal.install();
    int status = 1;
    try (ModelHost host = ModelHost.load(settings.models())) {
      OutcropServer server = OutcropServer.start(settings, host.served());
      status = question == null ? stay(server, signal) : ask(server.endpoint(), question);
      server.drain(settings.drainTimeout());
    } finally {
      signal.finished(status);
    }
    return status;
  }

  private int apiPort() {
    if (port != null) {
      return port;
    }
    return question == null ? ServingConfig.DEFAULT.http().port() : 0;
  }

  private Path folder() {
    Path folder =
        LoadedModel.requireFolder(
            model == null
                ? Path.of(
                    System.getenv().getOrDefault("OUTCROP_HOME", "."), "models", "demo", "model")
                : model);
    if (LoadedEncoder.isEncoder(folder)) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID,
          "the model at %s is an encoder, which generates no text: serve it with outcrop serve --model %s"
              .formatted(folder, folder));
    }
    return folder;
  }

  private static int ask(URI endpoint, String question) throws InterruptedException {
    PrintStream out = System.out;
    StreamingAnswer answer = new StreamingAnswer(out);
    boolean whole = answer.ask(endpoint, MODEL_ID, question);
    if (whole) {
      out.printf(
          "(%d tokens in %.2f s, %.0f tok/s)%n",
          answer.outputTokens(), answer.seconds(), answer.tokensPerSecond());
    }
    return whole ? 0 : 1;
  }

  private static int stay(OutcropServer server, StopSignal signal) throws InterruptedException {
    System.out.println(Snippets.of(server.endpoint(), MODEL_ID));
    signal.await();
    return 0;
  }
}
