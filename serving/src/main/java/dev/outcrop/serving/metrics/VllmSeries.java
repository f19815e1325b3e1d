package dev.outcrop.serving.metrics;

import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import io.prometheus.client.Collector;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The observed side of {@link VllmMetric}, with vLLM's own buckets. */
final class VllmSeries implements GenerationListener {
  private static final double NANOS = 1e9;
  private static final double[] FIRST_TOKEN = {
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40,
    80, 160, 640, 2_560
  };
  private static final double[] TOKEN = {
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80
  };
  private static final double[] REQUEST = {
    0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1_920, 7_680
  };

  /** vLLM's end at the length of its model's context, which no histogram of several models can. */
  private static final double[] TOKENS = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    200_000, 500_000, 1_000_000
  };

  private static final String STOP = "stop";
  private static final String LENGTH = "length";
  private static final String ABORT = "abort";
  private static final String ERROR = "error";

  private final Counter success;
  private final Histogram firstToken;
  private final Histogram interToken;
  private final Histogram perToken;
  private final Histogram latency;
  private final Histogram queue;
  private final Histogram prefill;
  private final Histogram decode;
  private final Histogram inference;
  private final Histogram promptTokens;
  private final Histogram generationTokens;
  private final Map<String, Histogram.Child> interTokenOf = new ConcurrentHashMap<>();

  VllmSeries(Instruments instruments, Collection<ServedModel> models) {
    success = instruments.counter(VllmMetric.SUCCESS);
    firstToken = instruments.histogram(VllmMetric.FIRST_TOKEN, FIRST_TOKEN);
    interToken = instruments.histogram(VllmMetric.INTER_TOKEN, TOKEN);
    instruments.registry().register(new Renamed(interToken, VllmMetric.OLD_INTER_TOKEN));
    perToken = instruments.histogram(VllmMetric.PER_TOKEN, TOKEN);
    latency = instruments.histogram(VllmMetric.LATENCY, REQUEST);
    queue = instruments.histogram(VllmMetric.QUEUE, REQUEST);
    prefill = instruments.histogram(VllmMetric.PREFILL, REQUEST);
    decode = instruments.histogram(VllmMetric.DECODE, REQUEST);
    inference = instruments.histogram(VllmMetric.INFERENCE, REQUEST);
    promptTokens = instruments.histogram(VllmMetric.REQUEST_PROMPT, TOKENS);
    generationTokens = instruments.histogram(VllmMetric.REQUEST_GENERATION, TOKENS);
    models.forEach(model -> begin(model.id()));
  }

  /** Rates want to see the zero before the first request. */
  private void begin(String id) {
    for (String reason : List.of(STOP, LENGTH, ABORT, ERROR)) {
      success.labels(id, reason);
    }
    for (Histogram histogram :
        List.of(
            firstToken,
            interToken,
            perToken,
            latency,
            queue,
            prefill,
            decode,
            inference,
            promptTokens,
            generationTokens)) {
      histogram.labels(id);
    }
  }

  @Override
  public void firstToken(ServedModel model, long nanosSinceArrival) {
    firstToken.labels(model.id()).observe(nanosSinceArrival / NANOS);
  }

  /** Once a token, so its histogram is not looked up by a list of labels each time. */
  @Override
  public void nextToken(ServedModel model, long nanosSinceLast) {
    interTokenOf.computeIfAbsent(model.id(), interToken::labels).observe(nanosSinceLast / NANOS);
  }

  @Override
  public void over(Over over) {
    String id = over.model().id();
    success.labels(id, reason(over)).inc();
    GenerationEvent.Ended end = over.end();
    if (end == null) {
      return;
    }
    latency.labels(id).observe(end.totalNanos() / NANOS);
    promptTokens.labels(id).observe(over.usage().promptTokens());
    generationTokens.labels(id).observe(over.usage().completionTokens());
    Phases phases = over.phases();
    if (phases != null) {
      queue.labels(id).observe(phases.queue() / NANOS);
      prefill.labels(id).observe(phases.prefill() / NANOS);
      decode.labels(id).observe(phases.decode() / NANOS);
      inference.labels(id).observe((phases.prefill() + phases.decode()) / NANOS);
      if (over.tokenNanos() > 0) {
        perToken.labels(id).observe(over.tokenNanos() / NANOS);
      }
    }
  }

  private static String reason(Over over) {
    GenerationEvent.Ended end = over.end();
    return switch (over.how()) {
      case COMPLETED ->
          end != null && end.reason() == GenerationEvent.Reason.LENGTH ? LENGTH : STOP;
      case ABANDONED -> ABORT;
      case FAILED -> ERROR;
    };
  }

  /** A histogram under another name. */
  private static final class Renamed extends Collector {
    private final Histogram histogram;
    private final Metric as;

    Renamed(Histogram histogram, Metric as) {
      this.histogram = histogram;
      this.as = as;
    }

    @Override
    public List<MetricFamilySamples> collect() {
      List<MetricFamilySamples> families = new ArrayList<>();
      for (MetricFamilySamples family : histogram.collect()) {
        int length = family.name.length();
        List<MetricFamilySamples.Sample> samples = new ArrayList<>(family.samples.size());
        for (MetricFamilySamples.Sample sample : family.samples) {
          samples.add(
              new MetricFamilySamples.Sample(
                  as.metricName() + sample.name.substring(length),
                  sample.labelNames,
                  sample.labelValues,
                  sample.value));
        }
        families.add(new MetricFamilySamples(as.metricName(), family.type, as.help(), samples));
      }
      return families;
    }
  }
}
