package dev.outcrop.serving.metrics;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;

/** Makes what counts a metric, in one registry. */
record Instruments(CollectorRegistry registry) {
  Counter counter(Metric metric) {
    return Counter.build()
        .name(metric.metricName())
        .help(metric.help())
        .labelNames(metric.labels().toArray(String[]::new))
        .register(registry);
  }

  Gauge gauge(Metric metric) {
    return Gauge.build()
        .name(metric.metricName())
        .help(metric.help())
        .labelNames(metric.labels().toArray(String[]::new))
        .register(registry);
  }

  /**
   * A histogram.
   *
   * @param buckets the upper bounds, in the metric's unit
   */
  Histogram histogram(Metric metric, double... buckets) {
    return Histogram.build()
        .name(metric.metricName())
        .help(metric.help())
        .labelNames(metric.labels().toArray(String[]::new))
        .buckets(buckets)
        .register(registry);
  }
}
