package dev.outcrop.bench.gpu;

import dev.outcrop.bench.options.DecoderShape;
import dev.outcrop.bench.report.Machine;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench gpu-kit}: what bench/gpu/measure.py runs on a machine with a GPU. */
@Command(
    name = "gpu-kit",
    description =
        "Writes the program for GPUs, and the steps to measure it with, into a folder that"
            + " bench/gpu/measure.py runs where a GPU is; needs none itself.",
    mixinStandardHelpOptions = true)
public final class GpuKitCommand implements Callable<Integer> {
  private static final int MOST_BATCH = 4_096;
  private static final int MOST_TOKENS = 131_072;

  @Option(names = "--output", required = true, description = "The folder to write")
  private @Nullable Path output;

  @Option(
      names = "--shape",
      defaultValue = "4096,32,32,8,14336,128256",
      converter = DecoderShape.Converter.class,
      paramLabel = "N,...",
      description = DecoderShape.FORM + ", of random weights (${DEFAULT-VALUE})")
  private @Nullable DecoderShape shape;

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: none, int4, int4-g32, int4-g64, int4-g128")
  private Quantization quantization = Quantization.NONE;

  @Option(
      names = "--batch",
      defaultValue = "1,16,64",
      split = ",",
      paramLabel = "N",
      description = "Sequences of a decode step (${DEFAULT-VALUE})")
  private int[] batches = {};

  @Option(
      names = "--context",
      defaultValue = "1024",
      description = "Tokens that each of them sees (${DEFAULT-VALUE})")
  private int context;

  @Option(
      names = "--prompt",
      defaultValue = "4096",
      description = "Tokens of the prompt whose prefill is timed (${DEFAULT-VALUE})")
  private int prompt;

  @Option(
      names = "--prefix",
      defaultValue = "2048",
      description = "Tokens that the largest batch shares, besides a few of their own")
  private int prefix;

  @Option(
      names = "--check",
      paramLabel = "DIR",
      description = "A small checkpoint whose logits are compared there; may be given again")
  private List<Path> checks = List.of();

  @Option(
      names = "--stand-in",
      description = "For the processor, with the kernels of GPUs stood in for: for tests")
  private boolean standIn;

  @Option(
      names = "--dtype",
      defaultValue = "bfloat16",
      description = "Type to compute in; float32 only with --stand-in (${DEFAULT-VALUE})")
  private ComputeType type = ComputeType.BFLOAT16;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public GpuKitCommand() {}

  @Override
  public Integer call() throws IOException {
    check(new Bounds(spec));
    checks.forEach(LoadedModel::requireFolder); // before anything is written
    Run run = Run.begin("gpu-kit");
    Path folder = Objects.requireNonNull(output);
    DecoderShape decoder = Objects.requireNonNull(shape);
    Files.createDirectories(folder);
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("made", run.start().toString());
    about.put("commit", Machine.commitOf(Run.HOME));
    about.put("standIn", standIn);
    about.put("dtype", type.name().toLowerCase(Locale.ROOT));
    about.put("quantization", quantization.word());
    Map<String, Object> sizes = new LinkedHashMap<>();
    decoder.describe(sizes);
    about.put("shape", sizes);
    KitFiles files = new KitFiles(folder, about);
    KitCases cases = new KitCases(decoder.numbers(), type, quantization);
    Set<Integer> rows = new TreeSet<>(Arrays.stream(batches).boxed().toList());
    files.model(cases.of(rows, context, prompt, prefix, standIn));
    for (Path each : checks) {
      files.check(KitCheck.of(each, files.place(each), type, standIn));
    }
    files.close();
    System.err.println(
        "outcrop: wrote %s, %.1f MB; run it with python3 bench/gpu/measure.py%s %s"
            .formatted(folder, files.bytes() / 1e6, standIn ? " --device stand-in" : "", folder));
    return 0;
  }

  private void check(Bounds bounds) {
    bounds.that(batches.length > 0, "--batch takes at least one number");
    for (int batch : batches) {
      bounds.within("--batch", batch, 1, MOST_BATCH);
    }
    bounds.within("--context", context, 2, MOST_TOKENS);
    bounds.within("--prompt", prompt, 2, MOST_TOKENS);
    bounds.within("--prefix", prefix, 1, MOST_TOKENS);
    int largest = Arrays.stream(batches).max().orElse(1);
    bounds.that(
        (long) largest * (Math.max(context, prefix) + 2L * KitCases.OWN) <= Integer.MAX_VALUE,
        "--batch and --context or --prefix make more tokens than an engine holds");
    bounds.that(
        type == ComputeType.BFLOAT16 || standIn, "--dtype float32 is for kits with --stand-in");
    bounds.that(
        quantization == Quantization.NONE || type == ComputeType.BFLOAT16,
        "--quantization needs --dtype bfloat16");
    bounds.that(
        quantization == Quantization.NONE || checks.isEmpty(),
        "--check compares with weights that are not quantised, --quantization must be none");
  }
}
