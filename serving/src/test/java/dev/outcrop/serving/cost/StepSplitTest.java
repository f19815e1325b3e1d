package dev.outcrop.serving.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.RowWork;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.prices.Prices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On which device rows are weighed against one another. */
final class StepSplitTest {
  private static final Path DEMO = Path.of("..", "models", "demo", "model").toAbsolutePath();
  private static final ModelConfig MODEL = ModelConfig.of("demo", DEMO);

  private final AtomicInteger looks = new AtomicInteger();
  @TempDir private Path folder;
  private Prices table;

  @BeforeEach
  void readPrices() throws IOException {
    table =
        Prices.read(
            Files.writeString(
                folder.resolve("prices.yaml"),
                """
                sources: {ours: {date: 2026-11-01, what: our contract}}
                devices: {EPYC: {kind: cpu, memory-gb: 64, gb-per-second: 100, tflops: 4, source: ours}}
                instances: {m9.xlarge: {device: EPYC, devices: 1}}
                """));
  }

  private Prices prices() {
    looks.incrementAndGet();
    return table;
  }

  private RowWork split(ModelConfig model, String type) {
    return StepSplit.of(model, CostConfig.DEFAULT, this::prices, Map.of(NodeFacts.INSTANCE, type));
  }

  @Test
  void theNodesDeviceCountsWhereTheModelRunsOnItsKind() throws IOException {
    ModelConfig onGpu =
        ConfigFile.read(
                Files.writeString(
                    folder.resolve("outcrop.yaml"),
                    "models: [{id: demo, path: '%s', devices: [cuda]}]".formatted(DEMO)))
            .models()
            .getFirst();

    assertThat(split(MODEL, "m9.xlarge").flopsPerByte()).isEqualTo(4e12 / 100e9);
    assertThat(split(onGpu, "g6.xlarge").flopsPerByte()).isEqualTo(121e12 / 300e9);
    for (String other : List.of("g6.xlarge", "inf2.xlarge", "x1.none")) {
      assertThat(split(MODEL, other).flopsPerByte())
          .as("a processor of %s", other)
          .isEqualTo(split(MODEL, "").flopsPerByte());
    }
    for (String other : List.of("m9.xlarge", "inf2.xlarge", "x1.none")) {
      assertThat(split(onGpu, other).flopsPerByte())
          .as("a GPU of %s", other)
          .isEqualTo(split(onGpu, "").flopsPerByte())
          .isNotEqualTo(split(MODEL, "").flopsPerByte());
    }
  }

  @Test
  void theServersTableIsAskedAndOnlyForAType() {
    assertThat(split(MODEL, "")).isNotNull();
    assertThat(looks).hasValue(0);
    split(MODEL, "g6.xlarge");
    assertThat(looks).hasValue(1);
  }
}
