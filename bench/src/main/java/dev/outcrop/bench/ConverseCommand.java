package dev.outcrop.bench;

import dev.outcrop.bench.report.Machine;
import dev.outcrop.bench.report.RunResult;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code outcrop bench converse}: several ConverseStream clients at once against a server. */
@Command(
    name = "converse",
    description =
        "Runs ConverseStream clients at once against a server and adds up what they receive.",
    mixinStandardHelpOptions = true)
final class ConverseCommand implements Callable<Integer> {
  @Option(
      names = "--target",
      required = true,
      description = "The server, such as http://127.0.0.1:8080")
  private String target = "";

  @Option(names = "--model", required = true, description = "The model id")
  private String model = "";

  @Option(names = "--key", description = "An API key, where the server wants one")
  private @Nullable String key;

  @Option(names = "--clients", defaultValue = "16", description = "Clients (${DEFAULT-VALUE})")
  private int clients;

  @Option(
      names = "--prompt-words",
      defaultValue = "40",
      description = "Words of the prompt (${DEFAULT-VALUE})")
  private int promptWords;

  @Option(
      names = "--max-tokens",
      defaultValue = "200",
      description = "Tokens per answer (${DEFAULT-VALUE})")
  private int maxTokens;

  @Option(names = "--repeats", defaultValue = "3", description = "Rounds (${DEFAULT-VALUE})")
  private int repeats;

  @Override
  public Integer call() throws Exception {
    Instant start = Instant.now();
    Machine machine = Machine.here();
    try (ConverseClient client = new ConverseClient(target, model, key);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      round(client, threads, -1);
      List<Map<String, Number>> rounds = new ArrayList<>();
      for (int repeat = 0; repeat < repeats; repeat++) {
        rounds.add(round(client, threads, repeat));
        System.err.printf("round %d: %s%n", repeat + 1, rounds.getLast());
      }
      System.out.println(
          new RunResult(
                  "converse",
                  start.truncatedTo(ChronoUnit.SECONDS).toString(),
                  Machine.commitOf(Path.of(System.getenv().getOrDefault("OUTCROP_HOME", "."))),
                  machine,
                  Map.of("model", model, "maxTokens", maxTokens, "promptWords", promptWords),
                  repeats,
                  units(),
                  List.of(medians(rounds)))
              .toJson());
    }
    return 0;
  }

  private static Map<String, String> units() {
    Map<String, String> units = new LinkedHashMap<>();
    units.put("clients", "streams at once");
    units.put("tokens", "completion tokens of all streams");
    units.put("tokensPerSecond", "tokens/s, from the first stream's start to the last one's end");
    units.put("decodeTokensPerSecond", "tokens/s, while all streams were decoding");
    units.put("ttftMs", "ms, median over streams");
    units.put("tpotMs", "ms, median over streams");
    return units;
  }

  private Map<String, Number> round(ConverseClient client, ExecutorService threads, int repeat)
      throws InterruptedException, ExecutionException {
    List<Future<ConverseClient.Streamed>> streams = new ArrayList<>();
    long begin = System.nanoTime();
    for (int index = 0; index < clients; index++) {
      String prompt = prompt(repeat * 1_000 + index);
      streams.add(threads.submit(() -> client.stream(prompt, maxTokens)));
    }
    List<ConverseClient.Streamed> ended = new ArrayList<>();
    for (Future<ConverseClient.Streamed> stream : streams) {
      ended.add(stream.get());
    }
    long end = System.nanoTime();

    long tokens = ended.stream().mapToLong(ConverseClient.Streamed::outputTokens).sum();
    long allDecode = ended.stream().mapToLong(ConverseClient.Streamed::firstNanos).max().orElse(0);
    long oneEnds = ended.stream().mapToLong(ConverseClient.Streamed::lastNanos).min().orElse(0);
    double during =
        ended.stream().mapToDouble(stream -> stream.tokensBetween(allDecode, oneEnds)).sum();
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put("clients", clients);
    figures.put("tokens", tokens);
    figures.put("tokensPerSecond", tokens / ((end - begin) / 1e9));
    figures.put("decodeTokensPerSecond", during / (Math.max(1, oneEnds - allDecode) / 1e9));
    figures.put(
        "ttftMs",
        median(ended.stream().mapToDouble(s -> (s.firstNanos() - s.startNanos()) / 1e6).toArray()));
    figures.put(
        "tpotMs",
        median(
            ended.stream()
                .mapToDouble(
                    s -> (s.lastNanos() - s.firstNanos()) / 1e6 / Math.max(1, s.outputTokens() - 1))
                .toArray()));
    return figures;
  }

  private String prompt(int salt) {
    StringBuilder text = new StringBuilder();
    for (int word = 0; word < promptWords; word++) {
      text.append(word == 0 ? "" : " ")
          .append(Integer.toString((salt + 1_000) * 31 + word * 7, 36));
    }
    return text.toString();
  }

  private static Map<String, Number> medians(List<Map<String, Number>> rounds) {
    Map<String, Number> medians = new LinkedHashMap<>();
    for (String figure : rounds.getFirst().keySet()) {
      medians.put(
          figure,
          median(
              rounds.stream()
                  .mapToDouble(round -> round.getOrDefault(figure, Double.NaN).doubleValue())
                  .toArray()));
    }
    return medians;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
