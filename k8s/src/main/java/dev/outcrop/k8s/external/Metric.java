package dev.outcrop.k8s.external;

import dev.outcrop.k8s.Scaling;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** The metrics that are served, each one value per model. */
enum Metric {
  DESIRED_REPLICAS("outcrop_desired_replicas"),
  WAITING_PROMPT_TOKENS("outcrop_waiting_prompt_tokens"),
  WAITING("outcrop_waiting"),
  RUNNING("outcrop_running"),
  KV_USE("outcrop_kv_use");

  private static final int MILLI = 3;

  /** The last segment of its path. */
  final String path;

  Metric(String path) {
    this.path = path;
  }

  static @Nullable Metric of(String path) {
    for (Metric metric : values()) {
      if (metric.path.equals(path)) {
        return metric;
      }
    }
    return null;
  }

  /** The value as a Quantity of Kubernetes: a whole number, or thousandths, rounded up. */
  String quantity(Scaling scaling) {
    BigDecimal milli = exact(scaling).movePointRight(MILLI).setScale(0, RoundingMode.CEILING);
    BigDecimal whole = milli.movePointLeft(MILLI).stripTrailingZeros();
    return whole.scale() <= 0 ? whole.toPlainString() : milli.toPlainString() + "m";
  }

  private BigDecimal exact(Scaling scaling) {
    return switch (this) {
      case DESIRED_REPLICAS -> BigDecimal.valueOf(scaling.desiredReplicas());
      case WAITING_PROMPT_TOKENS -> BigDecimal.valueOf(scaling.totals().waitingPromptTokens());
      case WAITING -> BigDecimal.valueOf(scaling.totals().waiting());
      case RUNNING -> BigDecimal.valueOf(scaling.totals().running());
      case KV_USE -> BigDecimal.valueOf(scaling.totals().kvUse());
    };
  }
}
