package dev.outcrop.bench.peers;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A contestant in a process of its own: a request a line goes in, a JSON answer a line comes out.
 */
final class Child implements Contestant {
  private static final String END = "";

  private final Process process;
  private final BufferedWriter requests;
  private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final Path log;
  private final Duration patience;
  private Map<String, String> settings = Map.of();
  private String broken = "";

  private Child(Process process, Path log, Duration patience) {
    this.process = process;
    this.log = log;
    this.patience = patience;
    requests =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    Thread.ofVirtual().start(this::read);
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @param environment added to this process's own
   * @param log where its stderr goes
   * @param patience how long it may take to be ready, and for each answer
   */
  static Child start(
      List<String> command, Map<String, String> environment, Path log, Duration patience)
      throws MissingException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectError(log.toFile());
    Child child;
    try {
      child = new Child(builder.start(), log, patience);
    } catch (IOException e) {
      throw new MissingException("it does not start: " + e.getMessage());
    }
    String reason =
        switch (child.next()) {
          case Reply.Ready(Map<String, String> told) -> {
            child.settings = told;
            yield "";
          }
          case Reply.Failed(String why) -> why;
          case Reply.Absent(String why) -> why;
          case Reply.Measured _ -> "it answered before it was asked";
        };
    if (!reason.isEmpty()) {
      child.close();
      throw new MissingException(reason);
    }
    return child;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  @Override
  public Reply measure(Case what) {
    return ask(what.request());
  }

  /** The answer to a line. */
  Reply ask(String request) {
    if (!broken.isEmpty()) {
      return new Reply.Failed(broken);
    }
    Reply reply;
    try {
      requests.write(request);
      requests.newLine();
      requests.flush();
      reply = next();
    } catch (IOException e) {
      reply = ended();
    }
    return switch (reply) {
      case Reply.Measured measured -> measured;
      case Reply.Absent absent -> absent;
      case Reply.Failed(String reason) -> broke(reason);
      case Reply.Ready _ -> broke("its answer has no times");
    };
  }

  private Reply broke(String reason) {
    broken = reason;
    close();
    return new Reply.Failed(reason);
  }

  private Reply next() {
    String line;
    try {
      line = lines.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Reply.Failed("interrupted");
    }
    if (line == null) {
      return new Reply.Failed("no answer in " + patience.toSeconds() + " s");
    }
    return line.equals(END) ? ended() : Reply.read(line);
  }

  private Reply ended() {
    String last = "";
    try {
      List<String> told = Files.readAllLines(log, StandardCharsets.UTF_8);
      last = told.isEmpty() ? "" : ", last words: " + told.getLast();
    } catch (IOException e) {
      last = ", no log: " + e.getMessage();
    }
    return new Reply.Failed("its process ended" + last);
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isBlank()) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      // It was ended while it spoke; what is missing shows as an end.
    }
    lines.add(END);
  }

  /** Ends the process and waits until it is gone, so that it cannot compute beside the next one. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
