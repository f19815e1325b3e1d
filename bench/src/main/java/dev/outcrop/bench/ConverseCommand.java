package dev.outcrop.bench;

import dev.outcrop.bench.endpoint.Address;
import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench converse}: several ConverseStream clients at once against a server. */
@Command(
    name = "converse",
    description =
        "Runs ConverseStream clients at once against a server and adds up what they receive.",
    mixinStandardHelpOptions = true)
final class ConverseCommand implements Callable<Integer> {
  private static final int FIRST_WORD = 36 * 36 * 36; // 1000 in base 36
  private static final int LAST_WORD = 36 * 36 * 36 * 36 - 1; // zzzz
  private static final int MOST_CLIENTS = 10_000;
  private static final int MOST_WORDS = 100_000;
  private static final int MOST_TOKENS = 100_000;
  private static final int MOST_ROUNDS = 1_000;
  private static final Pattern HEADER = Pattern.compile("[!-~]+");

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

  @Option(
      names = "--warm-rounds",
      defaultValue = "1",
      description = "Rounds before the first that counts (${DEFAULT-VALUE})")
  private int warmRounds;

  @Option(
      names = "--seed",
      description =
          "Draws the prompts. By default it is another one each time, so that no prompt of an"
              + " earlier run is in the server's prefix cache")
  private @Nullable Long seed;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    URI server = check(new Bounds(spec));
    Run run = Run.begin("converse");
    long drawn = seed == null ? run.start().toEpochMilli() : seed;
    try (ConverseClient client = new ConverseClient(server, model, key);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int warm = 0; warm < warmRounds; warm++) {
        round(client, threads, new Random(drawn + warm));
      }
      List<Map<String, Number>> rounds = new ArrayList<>();
      for (int repeat = 0; repeat < repeats; repeat++) {
        rounds.add(round(client, threads, new Random(drawn + warmRounds + repeat)));
        System.err.printf("round %d: %s%n", repeat + 1, rounds.getLast());
      }
      run.print(described(drawn), repeats, units(), List.of(medians(rounds)), Map.of());
    }
    return 0;
  }

  private URI check(Bounds bounds) {
    URI server = Address.read(target);
    bounds.that(
        server != null, "--target must be like http://127.0.0.1:8080, " + Address.refused(target));
    bounds.that(!model.isBlank(), "--model must not be empty");
    bounds.that(key == null || HEADER.matcher(key).matches(), "--key must be plain characters");
    bounds.within("--clients", clients, 1, MOST_CLIENTS);
    bounds.within("--prompt-words", promptWords, 1, MOST_WORDS);
    bounds.within("--max-tokens", maxTokens, 1, MOST_TOKENS);
    bounds.within("--repeats", repeats, 1, MOST_ROUNDS);
    bounds.within("--warm-rounds", warmRounds, 0, MOST_ROUNDS);
    return Objects.requireNonNull(server);
  }

  private Map<String, Object> described(long drawn) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("model", model);
    described.put("maxTokens", maxTokens);
    described.put("promptWords", promptWords);
    described.put("warmRounds", warmRounds);
    described.put("seed", drawn);
    return described;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        clients: streams at once
        tokens: completion tokens of all streams
        tokensPerSecond: tokens/s, from the first stream's start to the last one's end
        decodeTokensPerSecond: tokens/s, while all streams were decoding
        ttftMs: ms, median over streams
        tpotMs: ms, median over streams
        """);
  }

  private Map<String, Number> round(ConverseClient client, ExecutorService threads, Random random)
      throws IOException, InterruptedException {
    List<Future<ConverseClient.Streamed>> streams = new ArrayList<>();
    long begin = System.nanoTime();
    for (int index = 0; index < clients; index++) {
      String prompt = prompt(random);
      streams.add(threads.submit(() -> client.stream(prompt, maxTokens)));
    }
    List<ConverseClient.Streamed> ended = new ArrayList<>();
    for (Future<ConverseClient.Streamed> stream : streams) {
      ended.add(result(stream, threads));
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
        Run.median(
            ended.stream().mapToDouble(s -> (s.firstNanos() - s.startNanos()) / 1e6).toArray()));
    figures.put(
        "tpotMs",
        Run.median(
            ended.stream()
                .mapToDouble(
                    s -> (s.lastNanos() - s.firstNanos()) / 1e6 / Math.max(1, s.outputTokens() - 1))
                .toArray()));
    return figures;
  }

  /** What a client got; where one fails, the others are not waited for. */
  private static ConverseClient.Streamed result(
      Future<ConverseClient.Streamed> stream, ExecutorService threads)
      throws IOException, InterruptedException {
    try {
      return stream.get();
    } catch (ExecutionException e) {
      threads.shutdownNow();
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("a client failed", e.getCause());
    }
  }

  /** Words of four random characters: no two prompts begin alike. */
  private String prompt(Random random) {
    return IntStream.range(0, promptWords)
        .mapToObj(word -> Integer.toString(random.nextInt(FIRST_WORD, LAST_WORD + 1), 36))
        .collect(Collectors.joining(" "));
  }

  private static Map<String, Number> medians(List<Map<String, Number>> rounds) {
    Map<String, Number> medians = new LinkedHashMap<>();
    for (String figure : rounds.getFirst().keySet()) {
      medians.put(
          figure,
          Run.median(
              rounds.stream()
                  .mapToDouble(round -> round.getOrDefault(figure, Double.NaN).doubleValue())
                  .toArray()));
    }
    return medians;
  }
}
