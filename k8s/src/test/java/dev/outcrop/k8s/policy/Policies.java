package dev.outcrop.k8s.policy;

import java.time.Duration;

/** Policies for the tests of their rules, and what they conclude from one reading. */
final class Policies {
  static final double POLL = 15;

  /** Any step at once, so that tables show what is needed. */
  static final PolicySettings.Up FREE =
      new PolicySettings.Up(1_000, 1, Duration.ZERO, Duration.ofMinutes(2), Duration.ofMinutes(15));

  private Policies() {}

  static PolicySettings settings(PolicySettings.Up up) {
    PolicySettings usual = PolicySettings.between(1, 99);
    return new PolicySettings(
        1, 99, usual.targets(), up, usual.down(), usual.correction(), 0, usual.silentShare());
  }

  static Decision decide(PolicySettings settings, WorkloadReading reading) {
    return new ReplicaPolicy(settings).step(PolicyState.START, reading).decision();
  }
}
