package dev.outcrop.serving.metrics;

import dev.outcrop.serving.cost.Bill;
import dev.outcrop.serving.cost.Costs;
import dev.outcrop.serving.cost.ModelBill;
import dev.outcrop.serving.cost.NodePrice;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.prices.BedrockPrice;
import io.prometheus.client.Collector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What models cost, read at the moment of a scrape. */
final class CostCollector extends Collector {
  private static final String INPUT = "input";
  private static final String OUTPUT = "output";
  private static final String BLENDED = "blended";

  private final Bill bill;
  private final DistinctValues tenants;
  private final Supplier<Map<String, BedrockPrice>> listed;
  private @Nullable Map<String, BedrockPrice> bedrock; // read with the first scrape

  CostCollector(
      Costs costs,
      DistinctValues tenants,
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders) {
    this.bill = costs.bill();
    this.tenants = tenants;
    this.listed =
        () -> {
          Map<String, BedrockPrice> found = new LinkedHashMap<>();
          models.forEach(model -> add(found, costs, model.id(), model.aliases()));
          encoders.forEach(model -> add(found, costs, model.id(), model.aliases()));
          return found;
        };
  }

  private static void add(
      Map<String, BedrockPrice> found, Costs costs, String id, List<String> aliases) {
    List<String> ids = Stream.concat(Stream.of(id), aliases.stream()).toList();
    costs.bedrock(ids).ifPresent(price -> found.put(id, price));
  }

  private synchronized Map<String, BedrockPrice> bedrock() {
    Map<String, BedrockPrice> known = bedrock == null ? listed.get() : bedrock;
    bedrock = known;
    return known;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    Families families = new Families();
    NodePrice price = bill.price();
    if (price != null) {
      families.add(OutcropMetric.NODE_PRICE, price.usdPerHour());
      families.add(OutcropMetric.OWN_PRICE, price.ownUsdPerHour());
      families.add(
          OutcropMetric.PRICE_INFO,
          1,
          price.source(),
          price.date(),
          price.instance(),
          price.purchase());
    }
    bill.read().forEach(model -> add(families, model));
    bedrock()
        .forEach(
            (id, list) -> {
              families.add(OutcropMetric.BEDROCK_PRICE, list.input(), id, INPUT);
              families.add(OutcropMetric.BEDROCK_PRICE, list.output(), id, OUTPUT);
            });
    return families.all();
  }

  private void add(Families families, ModelBill model) {
    Map<List<String>, Double> byLabels = new LinkedHashMap<>();
    for (ModelBill.Line line : model.lines()) {
      byLabels.merge(List.of(label(line.tenant()), line.tier()), line.usd(), Double::sum);
    }
    byLabels.forEach(
        (labels, usd) -> {
          List<String> all = new ArrayList<>(List.of(model.id()));
          all.addAll(labels);
          families.add(OutcropMetric.COST, usd, all.toArray(String[]::new));
        });
    ModelBill.PerMillion tokens = model.perMillion();
    if (tokens == null) {
      return;
    }
    Double input = tokens.input();
    Double output = tokens.output();
    if (input != null) {
      families.add(OutcropMetric.TOKEN_COST, input, model.id(), INPUT);
    }
    if (output != null) {
      families.add(OutcropMetric.TOKEN_COST, output, model.id(), OUTPUT);
    }
    families.add(OutcropMetric.TOKEN_COST, tokens.blended(), model.id(), BLENDED);
  }

  /** Names of our own take no place of a tenant's. */
  private String label(String tenant) {
    return tenant.equals(ModelBill.IDLE) || tenant.equals(ModelBill.SHARED)
        ? tenant
        : tenants.of(tenant);
  }
}
