package dev.outcrop.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Loads against {@code outcrop serve} with the demo model, in a process of its own. */
@Timeout(300)
final class OutcropLoadTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String KEY = "a-key-of-this-test";
  private static final String ACCESS_KEY = "TESTACCESSKEY";
  private static final String SECRET = "no-secret-but-of-this-test";

  @TempDir private static Path folder;
  private static Process server;
  private static int port;
  private static int managementPort;

  @BeforeAll
  static void serve() throws Exception {
    port = freePort();
    managementPort = freePort();
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: [{id: team}]
            principals:
              - id: bench
                tenant: team
                models: ["*"]
                api-keys: [{sha256: %s}]
                access-keys: [{id: %s, secret: %s}]
            """
                .formatted(
                    HexFormat.of().formatHex(sha256.digest(KEY.getBytes(StandardCharsets.UTF_8))),
                    ACCESS_KEY,
                    SECRET));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dai.djl.offline=true",
            "-Dai.djl.pytorch.graph_optimizer=false",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "dev.outcrop.serving.cli.Main",
            "serve",
            "--model=" + Path.of("..", "models", "demo", "model"),
            "--id=demo",
            "--policy-file=" + policy,
            "--port=" + port,
            "--management-port=" + managementPort);
    Path log = folder.resolve("server.log");
    server = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Instant end = Instant.now().plus(PATIENCE);
    while (!isReady()) {
      assertThat(server.isAlive()).as(() -> text(log)).isTrue();
      assertThat(Instant.now()).as(() -> text(log)).isBefore(end);
      Thread.sleep(100);
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    server.destroyForcibly().waitFor();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean isReady() {
    try {
      URI models = URI.create("http://127.0.0.1:%d/v1/models".formatted(port));
      HttpURLConnection connection = (HttpURLConnection) models.toURL().openConnection();
      connection.setConnectTimeout(2_000);
      connection.setReadTimeout(2_000);
      connection.setRequestProperty("Authorization", "Bearer " + KEY);
      return connection.getResponseCode() == 200
          && new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .contains("demo");
    } catch (IOException e) {
      return false;
    }
  }

  private static JsonNode run(String... more) throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.add("--target=http://127.0.0.1:" + port);
    arguments.add("--most-lag=60000");
    arguments.addAll(List.of(more));
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(
              new CommandLine(new LoadCommand())
                  .setCaseInsensitiveEnumValuesAllowed(true)
                  .execute(arguments.toArray(String[]::new)))
          .isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void theSmokeScenarioNeedsNoMoreThanTheAddress() throws Exception {
    JsonNode result = run("--scenario=smoke", "--key=" + KEY);

    assertThat(result.at("/shape/api").textValue()).isEqualTo("converse");
    assertThat(result.at("/shape/model").textValue()).isEqualTo("demo");
    assertThat(result.at("/shape/evidence").booleanValue()).isFalse();
    for (JsonNode point : result.get("results")) {
      assertThat(point.get("completed").doubleValue()).isEqualTo(4);
      assertThat(point.get("failed").doubleValue()).isZero();
      assertThat(point.get("mean_input_tokens").doubleValue()).isPositive();
    }
  }

  @Test
  void signsRequestsWithWhatTheSdkFinds() throws Exception {
    System.setProperty("aws.accessKeyId", ACCESS_KEY);
    System.setProperty("aws.secretAccessKey", SECRET);
    try {
      JsonNode result = run("--scenario=smoke", "--region=us-west-2", "--model=demo");

      assertThat(result.at("/results/0/completed").doubleValue()).isEqualTo(4);
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }
  }

  @Test
  void turnsFindTheirBeginningInTheCacheAndTheTimelineShowsTheKv() throws Exception {
    Path scenario =
        Files.writeString(
            folder.resolve("turns.yaml"),
            """
            arrivals: {closed: {concurrency: 2}}
            shape: {multiTurn: {system: 30, turns: 3, input: 30, output: 12}}
            duration: 4s
            repeats: 1
            """);

    JsonNode result =
        run(
            "--scenario=" + scenario,
            "--api=openai",
            "--key=" + KEY,
            "--metrics=http://127.0.0.1:%d/metrics".formatted(managementPort));

    JsonNode point = result.at("/results/0");
    assertThat(point.get("failed").doubleValue()).isZero();
    assertThat(point.get("cached_input_tokens").doubleValue()).isPositive();
    List<String> figures = new ArrayList<>();
    result.get("series").forEach(series -> figures.add(series.get("figure").textValue()));
    assertThat(figures).contains("kv_cache_usage", "requests_running", "requests_waiting");
  }
}
