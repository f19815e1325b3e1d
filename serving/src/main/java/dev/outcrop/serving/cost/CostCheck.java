package dev.outcrop.serving.cost;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Refuses what a configuration says of costs and what would be without effect: names that are in no
 * price table, or that no model is served under.
 */
final class CostCheck {
  private CostCheck() {}

  /**
   * Checks a configuration, before models load.
   *
   * @param prices read only where something of it is named
   * @throws OutcropException {@code CONFIG_INVALID} that names the field
   */
  static void check(ServingConfig config, Supplier<Prices> prices) {
    CostConfig cost = config.cost();
    // A price that others tell makes the type a label only.
    boolean toldByTable = cost.hourlyUsd() == 0 && cost.prometheusUrl().isEmpty();
    if (!cost.instanceType().isEmpty() && toldByTable) {
      instance(cost, prices.get());
    }
    List<CostConfig.BedrockModelConfig> named = cost.bedrockModels();
    if (!named.isEmpty()) {
      Set<String> served = served(config.models());
      for (int i = 0; i < named.size(); i++) {
        String field = "bedrock-models[%d]".formatted(i);
        if (!served.contains(named.get(i).id())) {
          throw invalid(field + ".id", named.get(i).id(), "is no id of a model that is served");
        }
        if (prices.get().bedrock(named.get(i).as()).isEmpty()) {
          throw invalid(field + ".as", named.get(i).as(), "is no model of the price table");
        }
      }
    }
  }

  private static void instance(CostConfig cost, Prices prices) {
    String type = cost.instanceType();
    Instance instance = prices.instance(type).orElse(null);
    if (instance == null) {
      throw invalid(
          "instance-type",
          type,
          "is not in the price table; set cost.hourly-usd, or add it by cost.prices-file");
    }
    Purchase wanted = // where it is left open the node may say spot
        cost.purchase() == CostConfig.Purchase.AUTO
            ? Purchase.SPOT
            : Purchase.valueOf(cost.purchase().name());
    boolean priced =
        instance.price(wanted).isPresent() || instance.price(Purchase.ON_DEMAND).isPresent();
    if (!priced) {
      throw invalid("instance-type", type, "has no price in the table; set cost.hourly-usd");
    }
  }

  private static Set<String> served(List<ModelConfig> models) {
    Set<String> served = new HashSet<>();
    for (ModelConfig model : models) {
      served.add(model.id());
      served.addAll(model.aliases());
    }
    return served;
  }

  private static OutcropException invalid(String field, String value, String problem) {
    return new OutcropException(
        ServingError.CONFIG_INVALID, "cost.%s: %s %s".formatted(field, value, problem));
  }
}
