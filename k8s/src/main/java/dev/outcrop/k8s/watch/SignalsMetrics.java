package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.watch.ModelView.SeenPod;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this process tells of itself. What it concluded is taken from the last conclusions at each
 * scrape: what is gone, or too old to act on, is not told. Safe for any thread.
 */
final class SignalsMetrics {
  private final CollectorRegistry registry = new CollectorRegistry();
  private final Counter readings =
      Counter.build("outcrop_signals_readings", "Pods that were asked")
          .labelNames("model", "outcome")
          .register(registry);
  private final Counter writes =
      Counter.build("outcrop_signals_writes", "What came of writes to Kubernetes")
          .labelNames("kind", "outcome")
          .register(registry);
  private final Histogram poll =
      Histogram.build("outcrop_signals_poll_seconds", "Time to read all pods once")
          .buckets(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
          .register(registry);

  SignalsMetrics(Watch watch, Fence fence) {
    registry.register(
        new Collector() {
          @Override
          public List<MetricFamilySamples> collect() {
            return conclusions(watch, fence);
          }
        });
  }

  /** One poll of all models. */
  void polled(double seconds, List<ModelView> views) {
    poll.observe(seconds);
    for (ModelView view : views) {
      for (SeenPod pod : view.pods()) {
        String outcome =
            switch (pod) {
              case SeenPod.Answering _ -> "answered";
              case SeenPod.Silent _ -> "silent";
              case SeenPod.Coming _, SeenPod.Leaving _ -> null;
            };
        if (outcome != null) {
          readings.labels(view.model().id(), outcome).inc();
        }
      }
    }
  }

  /** Counts the writes of one kind. */
  Consumer<WriteOutcome> writes(String kind) {
    for (WriteOutcome outcome : WriteOutcome.values()) {
      writes.labels(kind, name(outcome)).inc(0);
    }
    return outcome -> writes.labels(kind, name(outcome)).inc();
  }

  private static String name(WriteOutcome outcome) {
    return outcome.toString().toLowerCase(Locale.ROOT);
  }

  /** A page, and its type. */
  record Page(String contentType, String text) {}

  /** The exposition for an Accept header. */
  Page page(@Nullable String accept) {
    String type = TextFormat.chooseContentType(accept);
    StringWriter text = new StringWriter();
    try {
      TextFormat.writeFormat(type, text, registry.metricFamilySamples());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Page(type, text.toString());
  }

  private static List<Collector.MetricFamilySamples> conclusions(Watch watch, Fence fence) {
    GaugeMetricFamily desired =
        family("outcrop_signals_desired_replicas", "Replicas that the work needs", "model");
    GaugeMetricFamily told =
        family("outcrop_signals_told_replicas", "Replicas that it is told to have", "model");
    GaugeMetricFamily silent =
        family("outcrop_signals_silent_pods", "Ready pods that did not answer", "model");
    GaugeMetricFamily pods =
        family("outcrop_signals_pods", "Pods that answer, come or leave", "model", "state");
    GaugeMetricFamily read =
        family("outcrop_signals_read_timestamp_seconds", "When the pods were read", "model");
    GaugeMetricFamily leader = family("outcrop_signals_leader", "Whether this process may write");
    leader.addMetric(List.of(), fence.open() ? 1 : 0);
    for (String model : watch.models()) {
      watch
          .conclusion(model)
          .ifPresent(
              conclusion -> {
                ModelView view = conclusion.view();
                desired.addMetric(
                    List.of(model), conclusion.decision().scaling().desiredReplicas());
                told.addMetric(List.of(model), view.replicas());
                silent.addMetric(List.of(model), count(view, SeenPod.Silent.class));
                pods.addMetric(List.of(model, "answering"), count(view, SeenPod.Answering.class));
                pods.addMetric(List.of(model, "coming"), count(view, SeenPod.Coming.class));
                pods.addMetric(List.of(model, "leaving"), count(view, SeenPod.Leaving.class));
                read.addMetric(List.of(model), view.at().toEpochMilli() / 1e3);
              });
    }
    return List.of(desired, told, silent, pods, read, leader);
  }

  private static GaugeMetricFamily family(String name, String help, String... labels) {
    return new GaugeMetricFamily(name, help, List.of(labels));
  }

  private static double count(ModelView view, Class<? extends SeenPod> kind) {
    return (double) view.pods().stream().filter(kind::isInstance).count();
  }
}
