package dev.outcrop.serving.metrics;

import dev.outcrop.batching.Signals;
import dev.outcrop.batching.encode.EncodeSignals;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.ServerState;
import dev.outcrop.serving.transport.ByteBudget;
import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What is read at the moment of a scrape. */
final class StateCollector extends Collector {
  private final Collection<ServedModel> models;
  private final Collection<ServedEncoder> encoders;
  private final LifeCycle lifeCycle;
  private final ByteBudget bodies;

  StateCollector(
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders,
      LifeCycle lifeCycle,
      ByteBudget bodies) {
    this.models = List.copyOf(models);
    this.encoders = List.copyOf(encoders);
    this.lifeCycle = lifeCycle;
    this.bodies = bodies;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    Families families = new Families();
    families.add(Metric.IN_FLIGHT, lifeCycle.inFlight());
    families.add(Metric.REQUEST_BODY_BYTES, (double) bodies.taken());
    families.add(Metric.READY, ready() ? 1 : 0);
    for (ServedModel model : models) {
      Signals now = model.batcher().signals();
      String id = model.id();
      families.add(Metric.MODEL_UP, model.batcher().alive() ? 1 : 0, id);
      families.add(Metric.RUNNING, now.running(), id);
      families.add(Metric.WAITING, now.waiting(), id);
      families.add(Metric.WAITING_PROMPT_TOKENS, (double) now.waitingPromptTokens(), id);
      families.add(Metric.KV_UNITS_USED, now.kvUnitsReferenced(), id, "referenced");
      families.add(Metric.KV_UNITS_USED, now.kvUnitsCached(), id, "cached");
      families.add(Metric.KV_UNITS, now.kvUnits(), id);
      families.add(Metric.STEPS, (double) now.steps(), id);
      families.add(Metric.ENGINE_TOKENS, (double) now.promptTokens(), id, "prompt");
      families.add(Metric.ENGINE_TOKENS, (double) now.completionTokens(), id, "completion");
      addPerformance(families, now, id);
    }
    encoders.forEach(encoder -> addEncoder(families, encoder));
    return families.all();
  }

  /** As {@code /readyz} has it. */
  private boolean ready() {
    return lifeCycle.state() instanceof ServerState.Serving
        && models.stream().allMatch(model -> model.batcher().alive())
        && encoders.stream().allMatch(model -> model.batcher().alive());
  }

  /** An encoder has no KV and no decodes; its batches are its steps. */
  private static void addEncoder(Families families, ServedEncoder model) {
    EncodeSignals now = model.batcher().signals();
    String id = model.id();
    families.add(Metric.MODEL_UP, model.batcher().alive() ? 1 : 0, id);
    families.add(Metric.WAITING, now.waiting(), id);
    families.add(Metric.WAITING_PROMPT_TOKENS, (double) now.waitingTokens(), id);
    families.add(Metric.STEPS, (double) now.batches(), id);
    families.add(Metric.ENGINE_TOKENS, (double) now.tokens(), id, "prompt");
  }

  private static void addPerformance(Families families, Signals now, String id) {
    families.add(Metric.PREFIX_CACHE_TOKENS, (double) now.reuse().hitTokens(), id, "hit");
    families.add(Metric.PREFIX_CACHE_TOKENS, (double) now.reuse().missedTokens(), id, "miss");
    families.add(Metric.PREEMPTIONS, (double) now.reuse().preemptions(), id);
    families.add(Metric.PREFILL_RATE, now.pace().prefillTokensPerSecond(), id);
    families.add(Metric.DECODE_RATE, now.pace().decodeTokensPerSecond(), id);
    families.add(Metric.LOAD, now.pace().load(), id);
    families.add(Metric.DESIRED_REPLICAS, now.pace().desiredReplicas(), id);
    families.add(Metric.SLO_BURN, now.burn().firstToken(), id, "first_token");
    families.add(Metric.SLO_BURN, now.burn().tokenInterval(), id, "token_interval");
  }

  /** Samples by metric. */
  private static final class Families {
    private final Map<Metric, MetricFamilySamples> families = new EnumMap<>(Metric.class);

    void add(Metric metric, double value, String... labels) {
      switch (families.computeIfAbsent(metric, Families::empty)) {
        case GaugeMetricFamily gauge -> gauge.addMetric(List.of(labels), value);
        case CounterMetricFamily counter -> counter.addMetric(List.of(labels), value);
        default -> throw new IllegalStateException("only gauges and counters are read on scrape");
      }
    }

    List<MetricFamilySamples> all() {
      return new ArrayList<>(families.values());
    }

    private static MetricFamilySamples empty(Metric metric) {
      return switch (metric.type()) {
        case GAUGE -> new GaugeMetricFamily(metric.metricName(), metric.help(), metric.labels());
        case COUNTER ->
            new CounterMetricFamily(metric.metricName(), metric.help(), metric.labels());
        case HISTOGRAM -> throw new IllegalStateException("histograms are observed");
      };
    }
  }
}
