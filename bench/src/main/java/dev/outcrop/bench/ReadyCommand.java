package dev.outcrop.bench;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.bench.options.ModelFolder;
import dev.outcrop.bench.report.Memory;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code outcrop bench ready}: from the start of the process to the first token, and its memory.
 */
@Command(
    name = "ready",
    description =
        "Times a process from its start to a model's first token, beside reading the files, and"
            + " tells its memory. The files are dropped from the page cache before both.",
    mixinStandardHelpOptions = true)
final class ReadyCommand implements Callable<Integer> {
  private static final int BUFFER = 1 << 22;
  private static final int MIB = 1 << 20;
  private static final double NANOS = 1e9;
  private static final double MILLIS = 1e3;

  @Mixin private final ModelFolder model = new ModelFolder();

  @Option(
      names = "--kv-memory",
      defaultValue = "256",
      description = "Memory of the KV cache, MiB (${DEFAULT-VALUE})")
  private int kvMemory;

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Quantization quantization = Quantization.NONE;

  @Option(
      names = "--kernel-tuning",
      defaultValue = "auto",
      description = "auto, measure, off or a folder (${DEFAULT-VALUE})")
  private String tuning = "auto";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--kv-memory", kvMemory, 1, MIB);
    bounds.that(!tuning.isBlank(), "--kernel-tuning must be auto, measure, off or a folder");
    Path folder = model.folder();
    double started = ManagementFactory.getRuntimeMXBean().getUptime() / MILLIS;
    Run run = Run.begin("ready");
    List<Path> files = files(folder);
    boolean cold = dropped(files);
    long kvBytes = (long) kvMemory * MIB;
    long before = System.nanoTime();
    Map<String, Number> headline = new LinkedHashMap<>();
    LoadOptions options =
        new LoadOptions(
            LoadOptions.Dtype.AUTO, kvBytes, 0, 0, quantization, KernelTuning.of(tuning));
    try (LoadedModel loaded = LoadedModel.open(folder, options)) {
      headline.put("loadSeconds", (System.nanoTime() - before) / NANOS);
      Memory memory = firstToken(loaded);
      headline.put("readySeconds", started + (System.nanoTime() - before) / NANOS);
      headline.put("anonymousBytes", memory.anonymous());
      headline.put("mappedBytes", memory.mapped());
      headline.put("checkpointBytes", loaded.info().checkpointBytes());
      headline.put("kvBytes", kvBytes);
    }
    boolean coldAgain = dropped(files);
    headline.put("readSeconds", readSeconds(files));
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("model", folder.toString());
    shape.put("quantization", quantization.word());
    shape.put("kernelTuning", tuning);
    shape.put("pageCacheDropped", cold && coldAgain);
    run.print(shape, 1, units(), List.of(), headline);
    return 0;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  /** GNU dd can have the kernel forget a file that nobody has written to, without being root. */
  private static boolean dropped(List<Path> files) throws InterruptedException {
    boolean dropped = true;
    for (Path file : files) {
      try {
        Process dd =
            new ProcessBuilder("dd", "if=" + file, "iflag=nocache", "count=0", "status=none")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        dropped &= dd.waitFor() == 0;
      } catch (IOException e) {
        dropped = false;
      }
    }
    return dropped;
  }

  /** Memory after the first token; the batcher closes the engine when it ends. */
  private static Memory firstToken(LoadedModel model) throws IOException, InterruptedException {
    GenerateRequest request =
        new GenerateRequest(
            new int[] {1, 2, 3},
            1,
            Sampling.GREEDY,
            new int[0],
            GenerateRequest.Service.of("ready", 1));
    try (Batcher batcher =
        Batchers.start("ready", model.engine(), BatchingConfig.DEFAULT, System::nanoTime)) {
      switch (batcher.submit(request)) {
        case SubmitResult.Accepted(TokenStream stream) -> {
          try (stream) {
            if (!(stream.next() instanceof TokenEvent.Token)) {
              throw new IllegalStateException("the first step failed");
            }
          }
        }
        case SubmitResult.Rejected rejected -> throw new IllegalStateException(rejected.message());
      }
      return Memory.now();
    }
  }

  /** As fast as one thread reads the files that loading maps. */
  private static double readSeconds(List<Path> files) throws IOException {
    long start = System.nanoTime();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    for (Path file : files) {
      try (FileChannel channel = FileChannel.open(file)) {
        while (channel.read(buffer.clear()) >= 0) {
          // the next piece
        }
      }
    }
    return (System.nanoTime() - start) / NANOS;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        readySeconds: s from the start of the process to the first token
        loadSeconds: s that the model took of it
        readSeconds: s to read the files once by one thread
        anonymousBytes: bytes resident that no file stands behind, Java's among them
        mappedBytes: bytes of files resident
        checkpointBytes: bytes of the tensors in the files
        kvBytes: bytes that the KV cache may take""");
  }
}
