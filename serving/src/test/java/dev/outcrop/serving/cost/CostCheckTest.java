package dev.outcrop.serving.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.CostConfig.BedrockModelConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a configuration names has to be there, before models load. */
final class CostCheckTest {
  private static final String LLAMA = "meta.llama3-1-8b-instruct-v1:0";
  private static final ModelConfig MODEL = ModelConfig.of("our.model", Path.of("folder"));

  @TempDir private Path folder;

  private static ServingConfig config(
      String type,
      double usd,
      String prometheus,
      CostConfig.Purchase purchase,
      @Nullable Path prices,
      BedrockModelConfig... models) {
    CostConfig usual = CostConfig.DEFAULT;
    return ServingConfig.DEFAULT
        .withModels(List.of(MODEL))
        .withCost(
            new CostConfig(
                usd,
                0,
                0,
                type,
                purchase,
                prices,
                false,
                prometheus,
                usual.refresh(),
                usual.window(),
                List.of(models)));
  }

  private static ServingConfig type(String type, double usd, String prometheus) {
    return config(type, usd, prometheus, CostConfig.Purchase.AUTO, null);
  }

  private static ServingConfig beside(String id, String as) {
    return config("", 0, "", CostConfig.Purchase.AUTO, null, new BedrockModelConfig(id, as));
  }

  private static void refused(ServingConfig config, String... words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> Costs.prices(config))
        .withMessageContainingAll(words)
        .extracting(OutcropException::code)
        .isEqualTo(ServingError.CONFIG_INVALID);
  }

  @Test
  void aTypeIsInTheTableWhereTheTableTellsThePrice() {
    refused(type("g6e.xlarg", 0, ""), "cost.instance-type", "g6e.xlarg", "cost.prices-file");
    for (ServingConfig config :
        List.of(
            type("g6e.xlarge", 0, ""),
            type("my.box", 1.2, ""),
            type("my.box", 0, "http://prometheus:9090"),
            type("", 0, ""))) {
      assertThatCode(() -> Costs.prices(config)).doesNotThrowAnyException();
    }
  }

  @Test
  void aTypeHasAPriceThatCouldBeFound() throws IOException {
    Path mine =
        Files.writeString(
            folder.resolve("prices.yaml"),
            """
            sources: {mine: {date: 2026-01-01, what: a contract}}
            instances: {my.box: {device: L4, devices: 1}}
            hourly: [{instance: my.box, purchase: reserved, usd: 1, source: mine}]
            """);
    refused(
        config("my.box", 0, "", CostConfig.Purchase.AUTO, mine),
        "cost.instance-type",
        "my.box has no price");
    refused(config("my.box", 0, "", CostConfig.Purchase.SPOT, mine), "my.box has no price");
    assertThat(
            Costs.prices(config("my.box", 0, "", CostConfig.Purchase.RESERVED, mine))
                .get()
                .instance("my.box"))
        .isPresent();
  }

  @Test
  void modelsBesideBedrocksAreServedAndInTheTable() {
    refused(beside("our.modle", LLAMA), "cost.bedrock-models[0].id", "our.modle");
    refused(beside("our.model", "meta.llama9"), "cost.bedrock-models[0].as", "meta.llama9");
    assertThatCode(() -> Costs.prices(beside("our.model", "us." + LLAMA)))
        .doesNotThrowAnyException();
  }
}
