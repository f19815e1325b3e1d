package dev.outcrop.bench.scenario;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Reads what a replay goes by: CSV with a header, logs of Bedrock model invocations in JSON lines,
 * either of them packed with gzip, or a folder of such files as Bedrock writes them to S3.
 */
public final class TraceFile {
  private static final String GZIP = ".gz";

  private TraceFile() {}

  /**
   * What a trace holds.
   *
   * @param requests in the order of their times, the first at 0
   * @param left records that are no request with an answer, or of another model
   */
  public record Trace(List<Recording> requests, int left) {
    /**
     * Of the times and lengths of all requests, so that two runs can be seen to replay the same.
     */
    public String sha256() {
      try {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES + 2 * Integer.BYTES);
        for (Recording each : requests) {
          bytes.clear();
          bytes.putDouble(each.seconds()).putInt(each.inputTokens()).putInt(each.outputTokens());
          sha256.update(bytes.array());
        }
        return HexFormat.of().formatHex(sha256.digest());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JVM has SHA-256", e);
      }
    }
  }

  /**
   * Reads a trace.
   *
   * @param path a file or a folder
   * @param model what the model id has to contain; empty for all
   * @param texts whether to keep what requests said, where the log holds it
   * @throws dev.outcrop.models.OutcropException where there is no request in it
   */
  public static Trace read(Path path, String model, boolean texts) throws IOException {
    if (!Files.exists(path)) {
      throw ScenarioError.TRACE_INVALID.because("there is no trace at %s".formatted(path));
    }
    List<Recording> found = new ArrayList<>();
    int left = 0;
    for (Path file : files(path)) {
      TraceReader reader =
          isCsv(file) ? new TraceCsv(file.toString()) : new InvocationLog(model, texts);
      try (BufferedReader lines = open(file)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.isBlank()) {
            reader.line(line, found);
          }
        }
      } catch (IOException e) {
        throw new IOException("%s cannot be read: %s".formatted(file, e.getMessage()), e);
      }
      left += reader.left();
    }
    if (found.isEmpty()) {
      throw ScenarioError.TRACE_INVALID.because(
          "%s holds no request with an answer%s"
              .formatted(path, model.isEmpty() ? "" : " of a model like " + model));
    }
    return new Trace(fromZero(found), left);
  }

  /** Reads one file. Used by one thread. */
  interface TraceReader {
    /** Reads a line; adds the request of it, if there is one. */
    void line(String line, List<Recording> to);

    /** Lines that held none. */
    int left();
  }

  /**
   * In order and from 0. Logs tell whole seconds: what came in one is spread over it, as it was for
   * all that is known.
   */
  private static List<Recording> fromZero(List<Recording> found) {
    boolean whole = found.stream().allMatch(each -> each.seconds() == Math.rint(each.seconds()));
    SplittableRandom random = new SplittableRandom(found.size());
    List<Recording> spread =
        found.stream()
            .map(each -> whole ? each.at(each.seconds() + random.nextDouble()) : each)
            .sorted(Comparator.comparingDouble(Recording::seconds))
            .toList();
    double first = spread.getFirst().seconds();
    return spread.stream().map(each -> each.at(each.seconds() - first)).toList();
  }

  private static boolean isCsv(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") || name.endsWith(".csv" + GZIP);
  }

  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.walk(path)) {
      return all.filter(Files::isRegularFile)
          .filter(
              file -> file.getFileName().toString().matches("(?i).*\\.(json|jsonl|csv)(\\.gz)?"))
          .sorted()
          .toList();
    }
  }

  private static BufferedReader open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file));
    try {
      boolean packed = file.toString().toLowerCase(Locale.ROOT).endsWith(GZIP);
      return new BufferedReader(
          new InputStreamReader(packed ? new GZIPInputStream(in) : in, StandardCharsets.UTF_8));
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }
}
