package dev.outcrop.serving.cost;

import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the models of a server cost: the node's price for all time since the server began, each
 * model its part by the memory that it takes, split over tenants by the time of their steps. The
 * time before the bill begins, in which models load and warm up, is nobody's and in no price of a
 * token. Time before the first price is known is paid for at that price. Safe to use from any
 * thread.
 */
public final class Bill {
  private final List<Billed> models = new ArrayList<>();
  private final LongSupplier nanoClock;
  private final long windowNanos;
  private @Nullable NodePrice price;

  /**
   * Begins a bill.
   *
   * @param memory bytes that models take, by id; where one is not there all have equal parts
   * @param sinceBegin how long the server has run already
   */
  public Bill(
      Collection<ServedModel> generators,
      Collection<ServedEncoder> encoders,
      Map<String, Double> memory,
      Duration window,
      Duration sinceBegin,
      LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.windowNanos = window.toNanos();
    long now = nanoClock.getAsLong();
    List<String> ids = new ArrayList<>();
    generators.forEach(model -> ids.add(model.id()));
    encoders.forEach(model -> ids.add(model.id()));
    for (ServedModel model : generators) {
      models.add(
          new Billed(
              model.id(),
              part(model.id(), memory, ids),
              model.batcher()::engineTimes,
              () -> Billed.Tokens.of(model.batcher().signals()),
              sinceBegin.toNanos(),
              now));
    }
    for (ServedEncoder model : encoders) {
      models.add(
          new Billed(
              model.id(),
              part(model.id(), memory, ids),
              () -> shared(nanoClock.getAsLong() - now),
              () -> new Billed.Tokens((double) model.batcher().signals().tokens(), 0, 0),
              sinceBegin.toNanos(),
              now));
    }
  }

  private static double part(String id, Map<String, Double> memory, List<String> ids) {
    double sum = sum(memory, ids);
    boolean known = memory.keySet().containsAll(ids) && sum > 0;
    return known ? memory.getOrDefault(id, 0.0) / sum : 1.0 / ids.size();
  }

  private static double sum(Map<String, Double> memory, List<String> ids) {
    return ids.stream().mapToDouble(id -> memory.getOrDefault(id, 0.0)).sum();
  }

  /** An encoder does not keep time by tenant. */
  private static EngineTimes shared(long nanos) {
    return new EngineTimes(
        List.of(new EngineTimes.Used(ModelBill.SHARED, Tier.DEFAULT, nanos, 0)), 0);
  }

  /** Another price holds from now on. */
  public synchronized void price(NodePrice other) {
    settle();
    price = other;
  }

  /** The price that holds; null where none is known yet. */
  public synchronized @Nullable NodePrice price() {
    return price;
  }

  /** What each model has cost; nothing before a price is known. */
  public synchronized List<ModelBill> read() {
    if (price == null) {
      return List.of();
    }
    settle();
    long now = nanoClock.getAsLong();
    return models.stream().map(model -> model.read(now, windowNanos)).toList();
  }

  private void settle() {
    NodePrice holds = price;
    if (holds != null) {
      models.forEach(model -> model.settle(holds.usdPerNano()));
    }
  }
}
