package dev.outcrop.serving.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.client.ConverseStreamClient;
import dev.outcrop.serving.client.PinnedCertificate;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code outcrop probe}: asks a server that runs elsewhere whether it does its work; what {@code
 * helm test} runs. Says what it found, never what a model said.
 */
@Command(
    name = "probe",
    description = {
      "Asks a running server one thing and tells whether it did it: an answer of a model, or with",
      "--ask stream a streamed one, with --ask refused a refusal for want of a key, with --ask metrics",
      "the metrics of its management port."
    },
    mixinStandardHelpOptions = true)
final class ProbeCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUESTION = "Count from 1 to 5.";
  private static final int TOKENS = 16;
  private static final int FORBIDDEN = 403;
  private static final int CONNECT_MILLIS = 10_000;
  private static final Duration RETRY = Duration.ofMillis(500);

  /** What is asked. */
  enum Ask {
    CONVERSE,
    STREAM,
    REFUSED,
    METRICS
  }

  @Parameters(paramLabel = "URL", description = "Where the server is, such as http://llama:80")
  private URI server = URI.create("http://127.0.0.1:8080");

  @Option(names = "--model", required = true, description = "The model's id")
  private String model = "";

  @Option(
      names = "--ask",
      defaultValue = "converse",
      description = "One of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
  private Ask ask = Ask.CONVERSE;

  @Option(names = "--key-file", description = "A file that holds an API key")
  private @Nullable Path keyFile;

  @Option(
      names = "--certificate-file",
      description =
          "The certificate that the server has to show, in PEM; default: one that the JDK trusts")
  private @Nullable Path certificateFile;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "120",
      description = "How long the whole answer may take; default: ${DEFAULT-VALUE}")
  private int timeoutSeconds;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description =
          "How long to try again where nothing listens or has that name; default: ${DEFAULT-VALUE}")
  private int waitSeconds;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    CommandLine command = Objects.requireNonNull(spec).commandLine();
    if (server.getHost() == null || !String.valueOf(server.getScheme()).startsWith("http")) {
      throw new ParameterException(
          command, "'%s' is not of the form http://HOST:PORT".formatted(server));
    }
    long begun = System.nanoTime();
    try {
      if (waitSeconds > 0) {
        waitForListener(command.getErr());
      }
      String found = inTime();
      System.out.printf("%s: %s (%.2f s)%n", model, found, (System.nanoTime() - begun) / 1e9);
      return 0;
    } catch (IOException e) {
      command.getErr().println("outcrop: %s at %s: %s".formatted(model, server, e.getMessage()));
      return 1;
    }
  }

  /** A Service that was just made is not known at once, neither by name nor by address. */
  private void waitForListener(PrintWriter err) throws IOException, InterruptedException {
    int port = server.getPort();
    if (port < 0) {
      port = "https".equals(server.getScheme()) ? 443 : 80;
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(waitSeconds);
    boolean told = false;
    while (true) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(server.getHost(), port), CONNECT_MILLIS);
        return;
      } catch (IOException e) {
        if (System.nanoTime() >= end) {
          throw new IOException("cannot connect", e);
        }
      }
      if (!told) {
        told = true;
        err.println(
            "outcrop: %s at %s: cannot connect yet, trying for %d s"
                .formatted(model, server, waitSeconds));
      }
      Thread.sleep(RETRY);
    }
  }

  /** A limit of a request would end when the head of its answer is there. */
  private String inTime() throws IOException, InterruptedException {
    AtomicBoolean late = new AtomicBoolean();
    try (HttpClient http = http()) {
      Thread timer = Thread.ofVirtual().start(() -> endLate(http, late));
      try {
        return switch (ask) {
          case CONVERSE -> converse(http);
          case STREAM -> stream(http);
          case REFUSED -> refused(http);
          case METRICS -> metrics(http);
        };
      } finally {
        timer.interrupt();
      }
    } catch (IOException e) {
      throw late.get() ? failure("no whole answer within %d s".formatted(timeoutSeconds)) : e;
    }
  }

  private void endLate(HttpClient http, AtomicBoolean late) {
    try {
      Thread.sleep(Duration.ofSeconds(timeoutSeconds));
      late.set(true);
      http.shutdownNow();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it is answered
    }
  }

  private String converse(HttpClient http) throws IOException, InterruptedException {
    HttpResponse<String> response = post(http, key());
    expect(200, response);
    int tokens = JSON.readTree(response.body()).at("/usage/outputTokens").asInt();
    if (tokens == 0) {
      throw failure("the answer has no tokens");
    }
    return "answered with " + tokens + " tokens";
  }

  private String stream(HttpClient http) throws IOException, InterruptedException {
    AtomicInteger deltas = new AtomicInteger();
    AtomicInteger tokens = new AtomicInteger();
    try (ConverseStreamClient client = new ConverseStreamClient(server, model, key(), http)) {
      client.ask(
          QUESTION,
          TOKENS,
          new ConverseStreamClient.Listener() {
            @Override
            public void delta(String text) {
              deltas.incrementAndGet();
            }

            @Override
            public void ended(int outputTokens) {
              tokens.set(outputTokens);
            }
          });
    }
    if (deltas.get() == 0) {
      throw failure("the stream had an end and nothing before it");
    }
    return "streamed %d tokens in %d events".formatted(tokens.get(), deltas.get());
  }

  private String refused(HttpClient http) throws IOException, InterruptedException {
    expect(FORBIDDEN, post(http, null));
    return "refused a request without a key";
  }

  private String metrics(HttpClient http) throws IOException, InterruptedException {
    HttpResponse<String> response =
        send(http, HttpRequest.newBuilder(server.resolve("/metrics")).GET());
    expect(200, response);
    List<String> lines = response.body().lines().toList();
    if (!lines.contains("outcrop_ready 1.0")) {
      throw failure("the server is not ready");
    }
    String label = "model=\"" + model + "\"";
    boolean up =
        lines.stream()
            .anyMatch(
                line ->
                    line.startsWith("outcrop_model_up{")
                        && line.contains(label)
                        && line.endsWith("} 1.0"));
    if (!up) {
      throw failure("the metrics know no such model that is up");
    }
    return "ready, with "
        + lines.stream().filter(line -> !line.startsWith("#")).count()
        + " series";
  }

  private HttpResponse<String> post(HttpClient http, @Nullable String key)
      throws IOException, InterruptedException {
    var body = JSON.createObjectNode();
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .putArray("content")
        .addObject()
        .put("text", QUESTION);
    body.putObject("inferenceConfig").put("maxTokens", TOKENS);
    String path = "/model/" + URLEncoder.encode(model, StandardCharsets.UTF_8) + "/converse";
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    if (key != null) {
      request.header("authorization", "Bearer " + key);
    }
    return send(http, request);
  }

  private static HttpResponse<String> send(HttpClient http, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (ConnectException e) {
      throw new IOException("cannot connect", e);
    }
  }

  private HttpClient http() throws IOException {
    HttpClient.Builder http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(CONNECT_MILLIS));
    return certificateFile == null
        ? http.build()
        : http.sslContext(PinnedCertificate.context(certificateFile)).build();
  }

  private @Nullable String key() throws IOException {
    return keyFile == null ? null : Files.readString(keyFile).strip();
  }

  private void expect(int status, HttpResponse<String> response) throws IOException {
    if (response.statusCode() != status) {
      throw failure("status %d, not %d".formatted(response.statusCode(), status) + said(response));
    }
  }

  private static String said(HttpResponse<String> response) throws IOException {
    String type = response.headers().firstValue("content-type").orElse("");
    if (response.statusCode() == 200 || !type.startsWith("application/json")) {
      return "";
    }
    JsonNode message = JSON.readTree(response.body()).path("message");
    return message.isTextual() ? ": " + message.asText() : "";
  }

  private static IOException failure(String what) {
    return new IOException(what);
  }
}
