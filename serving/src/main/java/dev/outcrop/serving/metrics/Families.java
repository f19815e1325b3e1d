package dev.outcrop.serving.metrics;

import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Samples of gauges and counters that are read on scrape, by metric. */
final class Families {
  private final Map<Metric, MetricFamilySamples> families = new LinkedHashMap<>();

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
      case COUNTER -> new CounterMetricFamily(metric.metricName(), metric.help(), metric.labels());
      case HISTOGRAM -> throw new IllegalStateException("histograms are observed");
    };
  }
}
