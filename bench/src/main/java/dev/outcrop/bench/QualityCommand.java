package dev.outcrop.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.bench.options.ModelFolder;
import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.EngineRuntime;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.models.loading.WeightQuality;
import dev.outcrop.models.loading.WeightQuality.Conversation;
import dev.outcrop.models.loading.WeightQuality.Score;
import dev.outcrop.serving.options.Bounds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code outcrop bench quality}: what quantised weights cost a model. */
@Command(
    name = "quality",
    description =
        "Compares a decoder with quantised weights to the same with whole ones in bfloat16: its"
            + " divergence from them on their own answers, and how many of its answers are right.",
    mixinStandardHelpOptions = true)
final class QualityCommand implements Callable<Integer> {
  @Mixin private final ModelFolder model = new ModelFolder();

  @Option(
      names = "--conversations",
      description = "A JSON array of objects with prompt and answer (models/demo/quality.json)")
  private Path file = Run.HOME.resolve("models/demo/quality.json");

  @Option(
      names = "--most",
      defaultValue = "1000000",
      description = "How many of them to take at most")
  private int most;

  @Option(
      names = "--quantization",
      split = ",",
      defaultValue = "none,int8,int8-dynamic,int4-g32,int4-g64,int4-g128",
      description = "What to compare: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private List<Quantization> modes = List.of();

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Threads of an operator; 0 for libtorch's choice")
  private int threads;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Bounds bounds = new Bounds(spec);
    bounds.within("--threads", threads, 0, Bounds.MOST_THREADS);
    bounds.within("--most", most, 1, 1_000_000);
    Path folder = model.folder();
    List<Conversation> conversations = conversations();
    bounds.that(!conversations.isEmpty(), "--conversations has none");
    Run run = Run.begin("quality");
    List<Map<String, Object>> results = new ArrayList<>();
    try (WeightQuality quality = WeightQuality.open(folder, conversations, threads)) {
      for (Quantization mode : modes) {
        Score score = quality.score(mode);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("quantization", mode.word());
        result.put("tokens", score.tokens());
        result.put("divergence", score.divergence());
        result.put("agreementPercent", 100 * score.agreement());
        result.put("rightPercent", 100.0 * score.right() / conversations.size());
        System.err.println(result);
        results.add(result);
      }
    }
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("model", String.valueOf(folder.getFileName()));
    shape.put("conversations", conversations.size());
    shape.put("threads", EngineRuntime.threadsHere());
    run.print(shape, 1, units(), results, Map.of());
    return 0;
  }

  private List<Conversation> conversations() throws IOException {
    List<Conversation> conversations = new ArrayList<>();
    for (JsonNode each : new ObjectMapper().readTree(file.toFile())) {
      if (!each.path("prompt").isTextual() || !each.path("answer").isTextual()) {
        throw new IOException(file + ": every object needs the texts prompt and answer");
      }
      if (conversations.size() < most) {
        conversations.add(
            new Conversation(each.get("prompt").textValue(), each.get("answer").textValue()));
      }
    }
    return conversations;
  }

  private static Map<String, String> units() {
    return Run.units(
        """
        quantization: of the weights of linear layers
        tokens: tokens of all answers of the whole model
        divergence: nats per token, Kullback-Leibler from the whole model
        agreementPercent: % of these tokens that are the likeliest to both
        rightPercent: % of its own greedy answers that are right, character for character
        """);
  }
}
