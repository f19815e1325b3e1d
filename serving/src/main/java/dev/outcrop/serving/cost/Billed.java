package dev.outcrop.serving.cost;

import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.Tier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One model of a {@link Bill}, and of its thread. */
final class Billed {
  private static final double MILLION = 1e6;
  private static final int SAMPLES = 60;

  private final String id;
  private final double part;
  private final Supplier<EngineTimes> times;
  private final Supplier<Tokens> tokens;
  private final long leadNanos; // before its batcher began
  private final Spent before; // its batcher's, before the bill began
  private final Map<Whose, Line> lines = new LinkedHashMap<>();
  private final Line idle = new Line();
  private final Line prompts = new Line();
  private final Line completions = new Line();
  private final Line served = new Line(); // since the bill began, whosever it is
  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  /**
   * A model.
   *
   * @param part of this process's price that is the model's
   * @param sinceBegin nanoseconds that the server ran before this bill began; what of them the
   *     model's times do not have is idle
   */
  Billed(
      String id,
      double part,
      Supplier<EngineTimes> times,
      Supplier<Tokens> tokens,
      long sinceBegin,
      long now) {
    this.id = id;
    this.part = part;
    this.times = times;
    this.tokens = tokens;
    this.before = Spent.of(times.get());
    this.leadNanos = Math.max(0, sinceBegin - before.all);
    samples.add(new Sample(now, 0, 0, 0, tokens.get()));
  }

  /** Nanoseconds of an engine: for prompts, for completions, and all of them. */
  private record Spent(long prompts, long completions, long all) {
    static Spent of(EngineTimes times) {
      long prompts = 0;
      long completions = 0;
      for (EngineTimes.Used used : times.used()) {
        prompts += used.promptNanos();
        completions += used.completionNanos();
      }
      return new Spent(prompts, completions, times.allNanos());
    }
  }

  /**
   * Tokens since the model's begin.
   *
   * @param computed of prompts
   * @param cached of prompts that were found in the cache
   * @param generated of answers
   */
  record Tokens(double computed, double cached, double generated) {
    static Tokens of(Signals signals) {
      return new Tokens(
          (double) signals.reuse().missedTokens(),
          (double) signals.reuse().hitTokens(),
          (double) signals.completionTokens());
    }
  }

  private record Whose(String tenant, Tier tier) {}

  private record Sample(
      long nanos, double prompts, double completions, double all, Tokens tokens) {}

  /** Time that was paid for, up to some nanosecond. */
  private static final class Line {
    private long paid;
    private double usd;

    /** Pays for what came since. */
    void settle(long nanos, double usdPerNano) {
      if (nanos > paid) {
        usd += (nanos - paid) * usdPerNano;
        paid = nanos;
      }
    }
  }

  /** Pays for all time up to now at a price. */
  void settle(double usdPerNano) {
    double own = usdPerNano * part;
    EngineTimes now = times.get();
    long nobodys = leadNanos + now.idleNanos();
    for (EngineTimes.Used used : now.used()) {
      long nanos = used.promptNanos() + used.completionNanos();
      if (used.tenant().equals(ModelBill.WARM_UP)) {
        nobodys += nanos;
      } else {
        lines
            .computeIfAbsent(new Whose(used.tenant(), used.tier()), _ -> new Line())
            .settle(nanos, own);
      }
    }
    idle.settle(nobodys, own);
    Spent all = Spent.of(now);
    prompts.settle(all.prompts - before.prompts, own);
    completions.settle(all.completions - before.completions, own);
    served.settle(all.all - before.all, own);
  }

  /** What it comes to, and what tokens cost in a window that ends now. */
  ModelBill read(long now, long windowNanos) {
    List<ModelBill.Line> read = new ArrayList<>();
    for (Map.Entry<Whose, Line> line : lines.entrySet()) {
      String tenant = line.getKey().tenant();
      boolean shared = tenant.equals(ModelBill.SHARED);
      String tier = shared ? ModelBill.NO_TIER : line.getKey().tier().word();
      read.add(new ModelBill.Line(tenant, tier, line.getValue().usd));
    }
    read.add(new ModelBill.Line(ModelBill.IDLE, ModelBill.NO_TIER, idle.usd));
    Sample last = new Sample(now, prompts.usd, completions.usd, served.usd, tokens.get());
    while (samples.size() > 1 && second().nanos <= now - windowNanos) {
      samples.removeFirst();
    }
    ModelBill.PerMillion perMillion = perMillion(samples.getFirst(), last);
    if (now - samples.getLast().nanos >= windowNanos / SAMPLES) {
      samples.addLast(last);
    }
    return new ModelBill(id, read, perMillion);
  }

  private Sample second() {
    var each = samples.iterator();
    each.next();
    return each.next();
  }

  private static ModelBill.@Nullable PerMillion perMillion(Sample from, Sample to) {
    double bill = to.all - from.all;
    double input = to.prompts - from.prompts;
    double output = to.completions - from.completions;
    double computed = to.tokens.computed - from.tokens.computed;
    double generated = to.tokens.generated - from.tokens.generated;
    double all = computed + generated + to.tokens.cached - from.tokens.cached;
    if (all <= 0) {
      return null;
    }
    double spread = input + output > 0 ? bill / (input + output) : 0;
    return new ModelBill.PerMillion(
        computed > 0 ? (Double) (input * spread / computed * MILLION) : null,
        generated > 0 ? (Double) (output * spread / generated * MILLION) : null,
        bill / all * MILLION);
  }
}
