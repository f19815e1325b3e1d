package dev.outcrop.serving.cost;

import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.prices.Device;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what the node costs: what the configuration says, else what OpenCost says, else what the
 * price table says of the node's type. Where one of them could not be asked, what it said last goes
 * on. Used by one thread at a time.
 */
final class PriceFinder {
  private static final Logger LOG = LoggerFactory.getLogger(PriceFinder.class);
  private static final String NOW = "now";

  private final CostConfig config;
  private final Supplier<Prices> prices;
  private final int ownDevices;
  private final NodeFacts configured;
  private final @Nullable KubernetesNode api;
  private final @Nullable OpenCost openCost;
  private @Nullable NodeFacts lastFacts;
  private Optional<NodePrice> lastAsked = Optional.empty();
  private boolean unheard;
  private boolean warnedOfType;
  private boolean warnedOfDevices;

  PriceFinder(
      CostConfig config,
      Supplier<Prices> prices,
      int ownDevices,
      NodeFacts configured,
      @Nullable KubernetesNode api,
      @Nullable OpenCost openCost) {
    this.config = config;
    this.prices = prices;
    this.ownDevices = ownDevices;
    this.configured = configured;
    this.api = api;
    this.openCost = openCost;
  }

  /** A finder for this process. */
  static PriceFinder here(
      CostConfig config,
      Supplier<Prices> prices,
      Collection<ModelConfig> models,
      Map<String, String> environment) {
    NodeFacts known = new NodeFacts("", config.instanceType(), "", 0).or(NodeFacts.of(environment));
    if (known.name().isEmpty() && (config.nodeApi() || !config.prometheusUrl().isEmpty())) {
      LOG.warn(
          "{} is without effect: {} is not set, so nobody can be asked about this node",
          config.nodeApi() ? "cost.node-api" : "cost.prometheus-url",
          NodeFacts.NAME);
    }
    KubernetesNode api = null;
    if (config.nodeApi()) {
      try {
        api = KubernetesNode.here(environment);
      } catch (IOException e) {
        LOG.warn("cost.node-api: the node cannot be read: {}", e.getMessage());
      }
    }
    OpenCost openCost =
        config.prometheusUrl().isEmpty()
            ? null
            : new OpenCost(config.prometheusUrl(), new JsonSource(JsonSource.client().build()));
    return new PriceFinder(config, prices, devices(config, models), known, api, openCost);
  }

  private static int devices(CostConfig config, Collection<ModelConfig> models) {
    if (config.devices() > 0) {
      return config.devices();
    }
    return LoadOptions.gpus(models.stream().flatMap(model -> model.devices().stream()).toList())
        .size();
  }

  /** Whether there is nowhere to look but what is known already: nobody on the network is asked. */
  boolean isFixed() {
    boolean asksOpenCost = openCost != null && !(config.hourlyUsd() > 0);
    return configured.name().isEmpty() || (api == null && !asksOpenCost);
  }

  /** Whether somebody could not be asked when it looked last. */
  boolean isUnheard() {
    return unheard;
  }

  /**
   * Looks.
   *
   * @return nothing where nobody knows a price
   */
  Optional<NodePrice> find() throws InterruptedException {
    unheard = false;
    NodeFacts facts = facts();
    Optional<Instance> instance =
        facts.instance().isEmpty() ? Optional.empty() : prices.get().instance(facts.instance());
    warnOfDevices(devices(facts, instance), instance);
    if (config.hourlyUsd() > 0) {
      return Optional.of(
          new NodePrice(
              config.hourlyUsd(),
              share(devices(facts, instance)),
              "config",
              NOW,
              facts.instance(),
              stated().map(Purchase::word).orElse(facts.capacity())));
    }
    Optional<NodePrice> asked = asked(facts, instance);
    if (asked.isEmpty() && instance.isEmpty() && !facts.instance().isEmpty() && !warnedOfType) {
      LOG.warn("the price table has no instance {}: nobody knows a price", facts.instance());
      warnedOfType = true;
    }
    return asked.isPresent() ? asked : instance.flatMap(known -> ofTable(facts, known));
  }

  /**
   * Once: more devices than the node has are all of it, and where it has none they tell nothing.
   */
  private void warnOfDevices(int devicesOfNode, Optional<Instance> instance) {
    if (warnedOfDevices || config.share() > 0) {
      return;
    }
    String whose = config.devices() > 0 ? "cost.devices" : "the models name";
    if (devicesOfNode > 0 && ownDevices > devicesOfNode) {
      LOG.warn(
          "{} {} devices, but the node has {}: all of its price is this process's",
          whose,
          ownDevices,
          devicesOfNode);
      warnedOfDevices = true;
    } else if (devicesOfNode == 0 && config.devices() > 0 && instance.isPresent()) {
      LOG.warn(
          "cost.devices {} is without effect: {} has processors only; cost.share says which part of"
              + " it is this process's",
          config.devices(),
          instance.get().type());
      warnedOfDevices = true;
    }
  }

  private NodeFacts facts() throws InterruptedException {
    if (api == null || configured.name().isEmpty()) {
      return configured;
    }
    try {
      lastFacts = api.read(configured.name());
    } catch (IOException e) {
      LOG.warn("the node {} cannot be read: {}", configured.name(), e.getMessage());
      unheard = true;
    }
    return lastFacts == null ? configured : configured.or(lastFacts);
  }

  private Optional<NodePrice> asked(NodeFacts facts, Optional<Instance> instance)
      throws InterruptedException {
    if (openCost == null || facts.name().isEmpty()) {
      return Optional.empty();
    }
    try {
      lastAsked = ofOpenCost(openCost, facts, devices(facts, instance));
    } catch (IOException e) {
      LOG.warn("OpenCost's series cannot be read: {}", e.getMessage());
      unheard = true;
    }
    return lastAsked;
  }

  private Optional<NodePrice> ofOpenCost(OpenCost source, NodeFacts facts, int known)
      throws IOException, InterruptedException {
    String purchase = source.isSpot(facts.name()) ? Purchase.SPOT.word() : facts.capacity();
    OptionalDouble node = source.node(facts.name());
    double usd;
    double part;
    if (node.isPresent()) {
      usd = node.getAsDouble();
      part = share(known);
    } else {
      OptionalDouble each = source.device(facts.name());
      if (each.isEmpty()) {
        return Optional.empty();
      }
      int count = known > 0 ? known : (int) source.devices(facts.name()).orElse(0);
      // A node of nobody knows how many devices: its own are all that it pays for.
      usd = each.getAsDouble() * (count > 0 ? count : Math.max(1, ownDevices));
      part = count > 0 ? share(count) : 1;
    }
    return Optional.of(new NodePrice(usd, part, "opencost", NOW, facts.instance(), purchase));
  }

  /** Where the table does not say what is paid, on demand stands in, and the label says so. */
  private Optional<NodePrice> ofTable(NodeFacts facts, Instance instance) {
    Purchase wanted = purchase(facts);
    Optional<Hourly> hourly = instance.price(wanted);
    Purchase found = hourly.isPresent() ? wanted : Purchase.ON_DEMAND;
    return hourly
        .or(() -> instance.price(Purchase.ON_DEMAND))
        .map(
            price ->
                new NodePrice(
                    price.usd(),
                    share(devices(facts, Optional.of(instance))),
                    "table",
                    price.source().date(),
                    instance.type(),
                    found == wanted ? wanted.word() : wanted.word() + " at the price on-demand"));
  }

  private Purchase purchase(NodeFacts facts) {
    return stated()
        .orElseGet(
            () -> {
              String capacity = facts.capacity().toLowerCase(Locale.ROOT).replace('_', '-');
              return capacity.equals("spot") ? Purchase.SPOT : Purchase.ON_DEMAND;
            });
  }

  /** How the configuration says that the node is paid for; nothing where it leaves that open. */
  private Optional<Purchase> stated() {
    return config.purchase() == CostConfig.Purchase.AUTO
        ? Optional.empty()
        : Optional.of(Purchase.valueOf(config.purchase().name()));
  }

  private static int devices(NodeFacts facts, Optional<Instance> instance) {
    if (facts.devices() > 0) {
      return facts.devices();
    }
    return instance
        .filter(known -> known.device().kind() != Device.Kind.CPU)
        .map(Instance::devices)
        .orElse(0);
  }

  private double share(int devicesOfNode) {
    if (config.share() > 0) {
      return config.share();
    }
    return devicesOfNode > 0 && ownDevices > 0
        ? Math.min(1, (double) ownDevices / devicesOfNode)
        : 1;
  }
}
