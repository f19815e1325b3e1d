package dev.outcrop.serving.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every metric: its name, type, labels and meaning. Dashboards and autoscaling read these names, so
 * they stay; {@code METRICS.md} lists them.
 */
public sealed interface Metric permits OutcropMetric, VllmMetric, GenAiMetric {
  /** All of them, in the order of the list. */
  static List<Metric> all() {
    return Stream.<Metric[]>of(OutcropMetric.values(), VllmMetric.values(), GenAiMetric.values())
        .flatMap(Arrays::stream)
        .toList();
  }

  /** What it is. */
  Spec spec();

  /** The name in the exposition. */
  default String metricName() {
    return spec().metricName;
  }

  /** The type. */
  default Type type() {
    return spec().type;
  }

  /** What it means. */
  default String help() {
    return spec().help;
  }

  /** The label names. */
  default List<String> labels() {
    return spec().labels;
  }

  /**
   * What a metric is.
   *
   * @param metricName the name in the exposition
   * @param type the type
   * @param help what it means
   * @param labels the label names
   */
  record Spec(String metricName, Type type, String help, List<String> labels) {
    Spec(String metricName, Type type, String help, String labels) {
      this(metricName, type, help, labels.isEmpty() ? List.of() : List.of(labels.split(" ")));
    }
  }

  /** What kind of metric. */
  enum Type {
    /** Only grows. */
    COUNTER,
    /** Goes up and down. */
    GAUGE,
    /** Buckets, sum and count. */
    HISTOGRAM
  }
}
