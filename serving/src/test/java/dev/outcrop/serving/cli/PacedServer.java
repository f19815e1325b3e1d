package dev.outcrop.serving.cli;

import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.StartingServer;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.Balancer;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a process of its own, as {@code outcrop serve} is one, whose model is a clock: each
 * stream gets a token every few milliseconds. It writes down which requests it served.
 */
final class PacedServer implements AutoCloseable {
  private static final Pattern ID = Pattern.compile("<([\\w-]+)>");
  private static final int TOKEN_MILLIS = 10;
  private static final int TOKENS = 40;

  /** Five seconds and more. */
  private static final int MANY_TOKENS = 500;

  private final Process process;
  private final BufferedReader out;
  private Balancer.Backend backend;

  private PacedServer(Process process) {
    this.process = process;
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  /** What the server answers a request that names itself so; one in ten streams is long. */
  static String answer(String id) {
    return id + ".".repeat((id.endsWith("5") ? MANY_TOKENS : TOKENS) - id.length());
  }

  /** The process: its configuration, and where it writes what it served. */
  public static void main(String[] arguments) throws Exception {
    ServingConfig config = ConfigFile.read(Path.of(arguments[0]));
    Path served = Path.of(arguments[1]);
    StopSignal signal = StopSignal.install();
    int status = 1;
    try (StartingServer starting = StartingServer.open(config)) {
      ScriptedBatcher batcher = new ScriptedBatcher(request -> script(request.prompt(), served));
      batcher.hold = true;
      Thread.ofPlatform().daemon().start(() -> generate(batcher));
      signal.serving();
      OutcropServer server =
          starting.serve(
              List.of(
                  new ServedModel(
                      TestServer.MODEL,
                      List.of("demo"),
                      batcher,
                      new ByteText(),
                      TestServer.DEFAULTS)),
              List.of());
      System.out.println("ports " + server.port() + " " + server.managementPort());
      signal.await();
      status = server.drain(config.drainTimeout()) ? 0 : 1;
    } finally {
      signal.finished(status);
    }
  }

  private static String script(int[] prompt, Path served) {
    StringBuilder text = new StringBuilder();
    for (int token : prompt) {
      text.append((char) token);
    }
    Matcher id = ID.matcher(text);
    String name = id.find() ? id.group(1) : "none";
    try {
      Files.writeString(served, name + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return answer(name);
  }

  private static void generate(ScriptedBatcher batcher) {
    try {
      while (true) {
        batcher.streams.removeIf(stream -> stream.closed);
        batcher.streams.forEach(stream -> stream.release(1));
        Thread.sleep(TOKEN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Starts a process and returns when it takes requests, of which the balancer hands it some. */
  static PacedServer start(Path config, Path served, Balancer balancer) throws IOException {
    PacedServer server =
        new PacedServer(
            new ProcessBuilder(
                    List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PacedServer.class.getName(),
                        config.toString(),
                        served.toString()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
    String[] ports = String.valueOf(server.out.readLine()).split(" ");
    if (ports.length != 3) {
      throw new IOException("the server did not start");
    }
    server.backend = balancer.add(Integer.parseInt(ports[1]), Integer.parseInt(ports[2]));
    return server;
  }

  Balancer.Backend backend() {
    return backend;
  }

  /** Sends SIGTERM and waits for the end; the exit status. */
  int terminate() throws InterruptedException {
    process.destroy();
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
