package dev.outcrop.serving.cli;

import dev.outcrop.serving.config.S3Config;
import dev.outcrop.serving.fetch.CheckpointFetch;
import dev.outcrop.serving.fetch.Prefix;
import dev.outcrop.serving.s3.S3Clients;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import software.amazon.awssdk.services.s3.S3Client;

/** {@code outcrop models fetch s3://BUCKET/PREFIX DIR}: what the chart's init container runs. */
@Command(
    name = "fetch",
    description = {
      "Brings a checkpoint folder from S3. Run again, it brings only what is missing or has changed.",
      "Credentials come from where AWS SDKs look for them: environment, profile, EKS Pod Identity, instance role."
    },
    mixinStandardHelpOptions = true)
final class FetchCommand implements Callable<Integer> {
  private static final Duration REPORT = Duration.ofSeconds(5);
  private static final double MEGA = 1e6;

  @Parameters(index = "0", paramLabel = "s3://BUCKET/PREFIX", description = "Where it lies")
  private String from = "";

  @Parameters(index = "1", paramLabel = "DIR", description = "The folder to bring it to")
  private Path folder = Path.of(".");

  @Option(
      names = "--region",
      defaultValue = "${AWS_REGION:-us-east-1}",
      description = "The bucket's region ($AWS_REGION, or us-east-1)")
  private String region = "us-east-1";

  @Option(names = "--endpoint", description = "URL of another S3 endpoint than AWS's")
  private @Nullable String endpoint;

  @Option(
      names = "--connections",
      defaultValue = "8",
      description = "How many to open at most (${DEFAULT-VALUE})")
  private int connections = 8;

  @Option(
      names = "--all",
      description =
          "Also brings weights in formats that the server does not read (.bin, .pth, ...)")
  private boolean all;

  @Option(
      names = "--bundle",
      description =
          "A bundle compiled for Neuron lies there: brings all of it, and fails until its manifest.json, which is written last, is there")
  private boolean bundle;

  @Override
  public Integer call() throws Exception {
    Prefix prefix = Prefix.parse(from);
    PrintStream out = System.out;
    long start = System.nanoTime();
    try (S3Client s3 = S3Clients.of(new S3Config(endpoint, region))) {
      CheckpointFetch fetch =
          new CheckpointFetch(
              s3,
              prefix,
              folder,
              new CheckpointFetch.Options(
                  Math.clamp(connections, 1, 64),
                  CheckpointFetch.Options.DEFAULT.partSize(),
                  content()));
      Thread reporter = Thread.ofVirtual().unstarted(() -> report(fetch));
      try {
        fetch.run(
            plan -> {
              tell(plan, out);
              reporter.start();
            });
      } finally {
        reporter.interrupt();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      out.printf(
          Locale.ROOT,
          "fetched %.1f MB in %.1f s to %s%n",
          fetch.fetched() / MEGA,
          seconds,
          folder);
    }
    return 0;
  }

  private CheckpointFetch.Content content() {
    if (bundle) {
      return CheckpointFetch.Content.BUNDLE;
    }
    return all ? CheckpointFetch.Content.ALL : CheckpointFetch.Content.CHECKPOINT;
  }

  private static void tell(CheckpointFetch.Plan plan, PrintStream out) {
    if (!plan.skipped().isEmpty()) {
      out.println("left out, as the server does not read them: " + plan.skipped());
    }
    out.printf(
        Locale.ROOT,
        "%d files, %d to fetch, %.1f MB%n",
        plan.files(),
        plan.missing().size(),
        plan.bytes() / MEGA);
  }

  private static void report(CheckpointFetch fetch) {
    try {
      while (true) {
        Thread.sleep(REPORT);
        System.err.printf(Locale.ROOT, "outcrop: %.1f MB so far%n", fetch.fetched() / MEGA);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
