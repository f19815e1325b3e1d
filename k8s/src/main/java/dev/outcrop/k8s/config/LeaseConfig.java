package dev.outcrop.k8s.config;

import java.time.Duration;

/**
 * The Lease of the one process that writes.
 *
 * @param name its name in the namespace
 * @param duration for how long others leave it alone after they saw it renewed
 * @param renewDeadline how long after its last renewal its holder may still write; what it began
 *     before has ended when the duration is over
 * @param retry how often the holder renews it and others look
 */
public record LeaseConfig(String name, Duration duration, Duration renewDeadline, Duration retry) {
  /** What a write is to have at least. */
  private static final Duration LEAST_WRITE = Duration.ofSeconds(1);

  /** Checks all; messages start with the key they are about. */
  public LeaseConfig {
    Check.name(name, "name");
    Check.between(duration, Duration.ofMillis(100), Duration.ofHours(1), "duration");
    Check.between(renewDeadline, Duration.ofMillis(50), Duration.ofHours(1), "renew-deadline");
    Check.between(retry, Duration.ofMillis(10), Duration.ofMinutes(10), "retry");
    if (renewDeadline.plus(LEAST_WRITE).compareTo(duration) > 0) {
      throw new IllegalArgumentException(
          "renew-deadline must be at least 1 s shorter than duration");
    }
    if (retry.multipliedBy(2).compareTo(renewDeadline) > 0) {
      throw new IllegalArgumentException("retry must be at most half of renew-deadline");
    }
  }

  /** How long a write that was begun in time may take at most. */
  public Duration writeTimeout() {
    return duration.minus(renewDeadline);
  }
}
