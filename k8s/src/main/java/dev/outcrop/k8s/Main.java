package dev.outcrop.k8s;

import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.config.SignalsFile;
import dev.outcrop.k8s.watch.OnceReport;
import dev.outcrop.k8s.watch.SignalsProcess;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code outcrop signals}: tells Kubernetes how many replicas models need, until SIGTERM. Results
 * go to stdout, logs to stderr.
 */
@Command(
    name = "signals",
    description = "Reads the model pods of a namespace and tells Kubernetes how many it needs.",
    mixinStandardHelpOptions = true)
public final class Main implements Callable<Integer> {
  static {
    // Read when the first logger is made, which is below.
    System.setProperty("java.util.logging.manager", LastingLogs.class.getName());
  }

  // A logger's level lasts only while somebody holds the logger. The elector's own failures are
  // logged by the Lease, once.
  private static final Map<Logger, Level> QUIET =
      Map.of(
          Logger.getLogger("io.helidon"),
          Level.WARNING,
          Logger.getLogger("io.fabric8"),
          Level.WARNING,
          Logger.getLogger("io.fabric8.kubernetes.client.extended.leaderelection"),
          Level.OFF);

  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(Main.class);
  private static final int ONCE_TIMEOUT_MILLIS = 10_000;

  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--config", required = true, description = "signals.yaml")
  private @Nullable Path file;

  @Option(
      names = "--once",
      description = "Read once, print the pods and what is concluded of them, write nothing")
  private boolean once;

  private Main() {}

  /** Runs and exits with its status. */
  public static void main(String[] arguments) {
    QUIET.forEach(Logger::setLevel);
    System.exit(
        execute(
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8),
            arguments));
  }

  /** Runs and returns the exit code: 0 success, 1 failure, 2 wrong usage. */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setExecutionExceptionHandler(
            (failure, commandLine, _) -> {
              commandLine.getErr().println("outcrop: " + reason(failure));
              return 1;
            })
        .execute(arguments);
  }

  private static String reason(Exception failure) {
    return failure instanceof KubernetesClientException && failure.getCause() != null
        ? "the API server cannot be reached: " + failure.getCause()
        : String.valueOf(failure.getMessage());
  }

  @Override
  public Integer call() throws Exception {
    SignalsConfig config;
    try {
      config = SignalsFile.read(Objects.requireNonNull(file), environment());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(), String.valueOf(e.getMessage()), e);
    }
    try (KubernetesClient client = client(config)) {
      if (once) {
        OnceReport.print(
            config, client, Objects.requireNonNull(spec).commandLine().getOut()::println);
      } else {
        serve(config, client);
      }
    }
    return 0;
  }

  /** Whoever looks once is nobody's rival for the Lease and needs no name. */
  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    if (once) {
      environment.putIfAbsent("POD_NAME", "once");
    }
    return environment;
  }

  /** A client whose requests end in time for the Lease, and are not repeated behind our back. */
  private KubernetesClient client(SignalsConfig config) {
    // A write may be two requests: one that reads what it changes, and the change.
    int timeout =
        once ? ONCE_TIMEOUT_MILLIS : Math.toIntExact(config.lease().writeTimeout().toMillis() / 2);
    Config access =
        new ConfigBuilder(Config.autoConfigure(null))
            .withNamespace(config.namespace())
            .withRequestTimeout(timeout)
            .withConnectionTimeout(timeout)
            .withRequestRetryBackoffLimit(0)
            .build();
    return new KubernetesClientBuilder().withConfig(access).build();
  }

  private static void serve(SignalsConfig config, KubernetesClient client)
      throws InterruptedException {
    StopSignal signal = StopSignal.install();
    int status = 1;
    try {
      try (SignalsProcess process = SignalsProcess.start(config, client);
          Fronts fronts = Fronts.start(config, process.scalings(), client)) {
        LOG.info(
            "{} reads the pods of {} in namespace {} and tells {}",
            config.identity(),
            process.scalings().models(),
            config.namespace(),
            fronts.names());
        signal.await();
      }
      status = 0;
    } finally {
      signal.finished(status);
    }
  }
}
