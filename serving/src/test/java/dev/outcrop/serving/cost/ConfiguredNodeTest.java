package dev.outcrop.serving.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import dev.outcrop.serving.testing.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a configuration says of the node, and what is said of it where that is without effect. */
final class ConfiguredNodeTest {
  @TempDir private Path folder;

  /** {@code cuda} is {@code cuda:0}, as it is where models load. */
  @Test
  void modelsOnOneDeviceShareIt() throws IOException, InterruptedException {
    Map<String, String> environment = Map.of(NodeFacts.INSTANCE, "p5.48xlarge");
    ServingConfig config =
        ConfigFile.read(
            Files.writeString(
                folder.resolve("outcrop.yaml"),
                """
                models:
                  - {id: a, path: x, devices: [cuda]}
                  - {id: b, path: x, devices: ["cuda:0"]}
                  - {id: c, path: x, devices: ["cuda:00", "cuda:3"]}
                  - {id: d, path: x, devices: [cpu, "cpu:1"]}
                """));

    PriceFinder finder =
        PriceFinder.here(CostConfig.DEFAULT, Prices::builtIn, config.models(), environment);

    assertThat(finder.find().orElseThrow().share()).as("two of eight").isEqualTo(0.25);
  }

  @Test
  void whoCannotBeAskedForWantOfANameIsNotAskedAndThatIsSaid() {
    CostConfig asks = config("", 0, "http://127.0.0.1:9");
    try (LogLines log = new LogLines(PriceFinder.class)) {
      PriceFinder finder = PriceFinder.here(asks, Prices::builtIn, List.of(), Map.of());

      assertThat(finder.isFixed()).as("no thread looks for ever").isTrue();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("cost.prometheus-url", "OUTCROP_NODE_NAME");
    }
    try (LogLines log = new LogLines(PriceFinder.class)) {
      Map<String, String> named = Map.of(NodeFacts.NAME, "node-1");
      assertThat(PriceFinder.here(asks, Prices::builtIn, List.of(), named).isFixed()).isFalse();
      assertThat(log.lines()).isEmpty();
    }
  }

  @Test
  void devicesThatTheNodeDoesNotHaveAreSaidOnce() throws IOException, InterruptedException {
    Prices processors =
        Prices.read(
            Files.writeString(
                folder.resolve("prices.yaml"),
                """
                sources: {ours: {date: 2026-11-01, what: our contract}}
                devices: {EPYC: {kind: cpu, memory-gb: 64, gb-per-second: 100, tflops: 4, source: ours}}
                instances: {m9.xlarge: {device: EPYC, devices: 1}}
                hourly: [{instance: m9.xlarge, purchase: on-demand, usd: 0.2, source: ours}]
                """));
    try (LogLines log = new LogLines(PriceFinder.class)) {
      PriceFinder more =
          PriceFinder.here(config("g6.12xlarge", 8, ""), Prices::builtIn, List.of(), Map.of());
      assertThat(more.find().orElseThrow().share()).isEqualTo(1);
      more.find();
      assertThat(log.lines()).singleElement().asString().contains("cost.devices 8", "has 4");
    }
    try (LogLines log = new LogLines(PriceFinder.class)) {
      PriceFinder ofProcessors =
          PriceFinder.here(config("m9.xlarge", 2, ""), () -> processors, List.of(), Map.of());
      assertThat(ofProcessors.find().orElseThrow().share()).isEqualTo(1);
      ofProcessors.find();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("cost.devices 2 is without effect", "m9.xlarge");
    }
    try (LogLines log = new LogLines(PriceFinder.class)) {
      PriceFinder some =
          PriceFinder.here(config("g6.12xlarge", 4, ""), Prices::builtIn, List.of(), Map.of());
      some.find();
      assertThat(log.lines()).isEmpty();
    }
  }

  @Test
  void aTypeThatNobodyKnowsIsSaidOnce() throws InterruptedException {
    try (LogLines log = new LogLines(PriceFinder.class)) {
      PriceFinder finder =
          PriceFinder.here(
              CostConfig.DEFAULT,
              Prices::builtIn,
              List.of(),
              Map.of(NodeFacts.INSTANCE, "x1.none"));
      assertThat(finder.find()).isEmpty();
      assertThat(finder.find()).isEmpty();
      assertThat(log.lines()).singleElement().asString().contains("x1.none");
    }
  }

  private static CostConfig config(String type, int devices, String prometheus) {
    CostConfig usual = CostConfig.DEFAULT;
    return new CostConfig(
        0,
        0,
        devices,
        type,
        usual.purchase(),
        null,
        false,
        prometheus,
        usual.refresh(),
        usual.window(),
        List.of());
  }

  /** The configuration's ways to pay are those of the table, and {@code auto}. */
  @Test
  void waysToPayAreThoseOfTheTable() {
    assertThat(CostConfig.Purchase.values())
        .extracting(Enum::name)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(Stream.of("AUTO"), Stream.of(Purchase.values()).map(Purchase::name))
                .toList());
  }
}
