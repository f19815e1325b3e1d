package dev.outcrop.k8s.external;

import dev.outcrop.k8s.ModelLabel;
import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.external.Answer.Reason;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads of metrics. Where a model that is asked for was not read lately, the whole answer is an
 * error, as an autoscaler adds the items up and would take a missing one for nothing.
 */
final class Metrics {
  /** The label that tells models apart. */
  static final String MODEL = "model";

  private final ScalingSource source;
  private final @Nullable String namespace;
  private final Duration window;

  Metrics(ScalingSource source, @Nullable String namespace, Duration window) {
    this.source = source;
    this.namespace = namespace;
    this.window = window;
  }

  /**
   * Answers a read.
   *
   * @param selector the query parameter labelSelector
   */
  Answer read(String inNamespace, String name, @Nullable String selector) {
    Metric metric = Metric.of(name);
    if (metric == null) {
      return Answer.error(
          Reason.NOT_FOUND,
          "there is no external metric %s; these are: %s"
              .formatted(
                  name,
                  Arrays.stream(Metric.values())
                      .map(each -> each.path)
                      .collect(Collectors.joining(", "))));
    }
    if (namespace != null && !namespace.equals(inNamespace)) {
      return Answer.error(
          Reason.NOT_FOUND,
          "no model is watched in the namespace %s, only in %s".formatted(inNamespace, namespace));
    }
    LabelSelector selected;
    try {
      selected = LabelSelector.parse(selector);
    } catch (IllegalArgumentException e) {
      return Answer.error(Reason.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    List<Object> items = new ArrayList<>();
    for (String model : new TreeSet<>(source.models())) {
      if (!selected.matches(Map.of(MODEL, ModelLabel.of(model)))) {
        continue;
      }
      Optional<Scaling> latest = source.latest(model);
      if (latest.isEmpty()) {
        return Answer.error(
            Reason.SERVICE_UNAVAILABLE,
            "the pods of the model %s were not read lately".formatted(model));
      }
      items.add(item(metric, latest.get()));
    }
    return Answer.json(
        Json.object(
            "kind",
            Discovery.LIST,
            "apiVersion",
            Discovery.GROUP_VERSION,
            "metadata",
            Map.of(),
            "items",
            items));
  }

  private Object item(Metric metric, Scaling scaling) {
    return Json.object(
        "metricName", metric.path,
        "metricLabels", Map.of(MODEL, ModelLabel.of(scaling.model())),
        "timestamp", scaling.at().truncatedTo(ChronoUnit.SECONDS).toString(),
        "window", window.toSeconds(),
        "value", metric.quantity(scaling));
  }
}
