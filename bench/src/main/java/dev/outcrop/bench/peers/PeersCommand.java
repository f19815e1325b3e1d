package dev.outcrop.bench.peers;

import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.peers.Contestant.Entrant;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.serving.options.Bounds;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench peers}: this engine beside others on the same checkpoint. */
@Command(
    name = "peers",
    description =
        "Measures this engine, llama.cpp, Jlama and transformers on one checkpoint, in turns and"
            + " never two at once. Fetches the others; who cannot be had is reported as missing.",
    mixinStandardHelpOptions = true)
public final class PeersCommand implements Callable<Integer> {
  private static final int MOST_STREAMS = 256; // sequences of a context of llama.cpp
  private static final int MOST_TOKENS = 16_384; // positions of the random checkpoint
  private static final int MOST_STEPS = 10_000;
  private static final int PREFILL_RUNS = 5;
  private static final List<String> OURS =
      List.of(Standings.OURS, Standings.OURS_INT8, Standings.OURS_INT4);

  @Option(
      names = "--shape",
      defaultValue = "229m",
      converter = Preset.Converter.class,
      paramLabel = "SHAPE",
      description = Preset.FORM + ", of random weights in bfloat16 (${DEFAULT-VALUE})")
  private @Nullable DecoderShape shape;

  @Option(
      names = "--model",
      description = "A Llama checkpoint in bfloat16, in place of random weights")
  private @Nullable Path model;

  @Option(
      names = "--contestants",
      split = ",",
      paramLabel = "NAME",
      description =
          "Who runs (ours, ours-int8, ours-int4, llama-bf16, llama-q8_0, llama-q4_0, jlama,"
              + " transformers: all of them)")
  private @Nullable List<String> contestants;

  @Option(
      names = "--streams",
      defaultValue = "1,16,32",
      split = ",",
      paramLabel = "N",
      description = "Sequences of a decode step (${DEFAULT-VALUE})")
  private int[] streams = {};

  @Option(
      names = "--context",
      defaultValue = "128",
      description = "Tokens of each sequence before the decode steps (${DEFAULT-VALUE})")
  private int context;

  @Option(
      names = "--prompt",
      defaultValue = "512",
      description = "Tokens of the prompt whose prefill is timed (${DEFAULT-VALUE})")
  private int prompt;

  @Option(
      names = "--steps",
      defaultValue = "60",
      description = "Decode steps of a round (${DEFAULT-VALUE})")
  private int steps;

  @Option(names = "--rounds", defaultValue = "3", description = "Rounds (${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of each contestant, in decode and in prefill; 0 for all processors")
  private int threads;

  @Option(
      names = "--afresh",
      description = "Start each contestant anew for each measurement: slow, needs little memory")
  private boolean afresh;

  @Option(
      names = "--timeout",
      defaultValue = "900",
      description = "Seconds that a peer has to start, and for each answer (${DEFAULT-VALUE})")
  private int timeout;

  @Option(
      names = "--cache",
      description = "Where the peers and the checkpoint are put, 8 GB (.outcrop/peers)")
  private @Nullable Path cache;

  @Spec private @Nullable CommandSpec spec;

  private final Path scripts;

  /** For picocli. */
  public PeersCommand() {
    this(Run.HOME.resolve("bench/src/main/peers"));
  }

  /** With the folder of the peers' scripts. */
  PeersCommand(Path scripts) {
    this.scripts = scripts;
  }

  @Override
  public Integer call() {
    Bounds bounds = new Bounds(spec);
    check(bounds);
    if (model != null) {
      LoadedModel.requireFolder(model); // before anything is fetched
    }
    Run run = Run.begin("peers");
    int used = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    Path folder = (cache == null ? Run.HOME.resolve(".outcrop/peers") : cache).toAbsolutePath();
    say("everything is put into " + folder);
    if (run.machine().loadAverage() > used * 0.5) {
      say("the load average is %.2f: figures will be wrong".formatted(run.machine().loadAverage()));
    }
    Duration patience = Duration.ofSeconds(timeout);
    // Fetching 5 GB takes longer than an answer.
    PeerSetup setup = new PeerSetup(scripts, folder, patience.plusHours(1), PeersCommand::say);
    Path checkpoint;
    try {
      checkpoint = checkpoint(setup);
    } catch (MissingException e) {
      say("there is no checkpoint to run, and none was given with --model: " + e.reason());
      return 1;
    }
    Standings standings;
    Map<String, Map<String, String>> settings;
    try (Rounds turns = new Rounds(entrants(setup, checkpoint, used), afresh, PeersCommand::say)) {
      List<Outcome> outcomes = turns.run(cases(), rounds);
      standings = new Standings(outcomes, turns.missing());
      settings = turns.settings();
    }
    settings.forEach((name, how) -> say(name + " runs with " + how));
    standings.lines().forEach(System.err::println);
    run.print(described(used, settings, standings), rounds, units(), standings.results(), Map.of());
    return standings.results().isEmpty() ? 1 : 0;
  }

  private void check(Bounds bounds) {
    bounds.that(streams.length > 0, "--streams takes at least one number");
    for (int each : streams) {
      bounds.within("--streams", each, 1, MOST_STREAMS);
    }
    bounds.within("--prompt", prompt, 1, MOST_TOKENS);
    bounds.within("--steps", steps, 1, MOST_STEPS);
    bounds.within("--context", context, 1, MOST_TOKENS);
    bounds.that(
        context + steps + Trials.STEPS <= MOST_TOKENS,
        "--context and --steps must be below %d together".formatted(MOST_TOKENS - Trials.STEPS));
    bounds.within("--rounds", rounds, 1, 1_000);
    bounds.within("--threads", threads, 0, Bounds.MOST_THREADS);
    bounds.within("--timeout", timeout, 1, 86_400);
    for (String name : names()) {
      bounds.that(
          OURS.contains(name) || Peers.NAMES.contains(name),
          "--contestants takes %s, %s, was %s"
              .formatted(String.join(", ", OURS), String.join(", ", Peers.NAMES), name));
    }
  }

  private Path checkpoint(PeerSetup setup) throws MissingException {
    if (model != null) {
      return model.toAbsolutePath();
    }
    setup.step("python");
    String numbers = numbers();
    return setup.step("checkpoint", numbers, "llama-" + numbers.replace(',', '-'));
  }

  private String numbers() {
    var sizes = Objects.requireNonNull(shape).numbers();
    return "%d,%d,%d,%d,%d,%d"
        .formatted(
            sizes.hidden(),
            sizes.layers(),
            sizes.heads(),
            sizes.kvHeads(),
            sizes.intermediate(),
            sizes.vocabulary());
  }

  private Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    if (contestants == null) {
      names.addAll(OURS);
      names.addAll(Peers.NAMES);
    } else {
      names.addAll(contestants);
    }
    return names;
  }

  private List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (int each : new LinkedHashSet<>(Arrays.stream(streams).boxed().toList())) {
      cases.add(new Case.Decode(each, context, steps));
    }
    cases.add(new Case.Prefill(prompt, PREFILL_RUNS));
    return cases;
  }

  private List<Entrant> entrants(PeerSetup setup, Path checkpoint, int used) {
    int largest = Arrays.stream(streams).max().orElse(1);
    Duration patience = Duration.ofSeconds(timeout);
    Peers peers =
        new Peers(
            setup, checkpoint, used, patience, new Trials(cases(), patience, PeersCommand::say));
    return names().stream()
        .map(
            name ->
                OURS.contains(name)
                    ? new OwnEngine.Own(name, checkpoint, largest, context + steps, prompt, used)
                    : peers.entrant(name))
        .toList();
  }

  private Map<String, Object> described(
      int used, Map<String, Map<String, String>> settings, Standings standings) {
    Map<String, Object> described = new LinkedHashMap<>();
    if (model == null) {
      Objects.requireNonNull(shape).describe(described);
    } else {
      described.put("model", String.valueOf(model.getFileName()));
    }
    described.put("contextTokens", context);
    described.put("stepsPerRound", steps);
    described.put("prefillRunsPerRound", PREFILL_RUNS);
    described.put("threads", used);
    described.put("afresh", afresh);
    described.put("contestants", settings);
    described.put("missing", standings.missing());
    return described;
  }

  private static void say(String line) {
    System.err.println("outcrop: " + line);
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        case: what is measured; the number after decode is that of streams, after prefill that of tokens
        contestant: who
        ms: ms of a decode step or of the prefill, median of the rounds' medians
        tokensPerSecond: tokens/s of all streams
        fastestMs: ms, the fastest round
        slowestMs: ms, the slowest round
        rounds: rounds that were measured
        oursOver: ratio, tokens/s of ours over those of the contestant
        nextToken: the likeliest token after the prompt
        settings: what the contestant chose for the case
        note: what is suspect
        """);
  }
}
