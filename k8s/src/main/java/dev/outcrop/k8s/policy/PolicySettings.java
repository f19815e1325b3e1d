package dev.outcrop.k8s.policy;

import java.time.Duration;

/**
 * What the replica count of one workload follows.
 *
 * @param min the fewest replicas; 0 only where something holds requests while there is none
 * @param max the most replicas, at least 1
 * @param targets what a replica is to bear
 * @param up how fast replicas are added
 * @param down how fast they are removed
 * @param correction what missed targets add
 * @param tolerance changes of up to this share of the replicas are not asked for, as the autoscaler
 *     would take them for none: a HorizontalPodAutoscaler's is a tenth
 * @param silentShare share of the pods that may be silent for a reading to count
 */
public record PolicySettings(
    int min,
    int max,
    Targets targets,
    Up up,
    Down down,
    Correction correction,
    double tolerance,
    double silentShare) {

  /** A HorizontalPodAutoscaler's, unless it says otherwise. */
  private static final double TOLERANCE = 0.1;

  /** Checks the values. */
  public PolicySettings {
    check(min >= 0, "min must not be negative");
    check(max >= 1, "max must be at least 1");
    check(min <= max, "min must be at most max");
    check(tolerance >= 0 && tolerance < 1, "tolerance must be from 0 to below 1");
    check(silentShare >= 0 && silentShare <= 1, "silent-share must be from 0 to 1");
  }

  /** Settings for an autoscaler that does not heed changes of a tenth. */
  public PolicySettings(
      int min,
      int max,
      Targets targets,
      Up up,
      Down down,
      Correction correction,
      double silentShare) {
    this(min, max, targets, up, down, correction, TOLERANCE, silentShare);
  }

  /** The defaults between two bounds. */
  public static PolicySettings between(int min, int max) {
    return new PolicySettings(
        min, max, Targets.DEFAULT, Up.DEFAULT, Down.DEFAULT, Correction.DEFAULT, 0.5);
  }

  /**
   * What a replica is to bear.
   *
   * @param firstToken the time in which the prompts that wait are to be run
   * @param kvUse share of its KV that requests are to hold, above 0 and at most 1
   * @param prefillUse share of its time that prompts are to take, above 0 and at most 1
   * @param prefillTokensPerSecond prompt tokens that a second runs; 0 for what the pods learn
   * @param knee running requests up to which it keeps its token interval; 0 for what the pods learn
   * @param longestPrompt tokens of the longest prompt that is to have its first token in time; 0
   *     where not known, then only what waits tells
   */
  public record Targets(
      Duration firstToken,
      double kvUse,
      double prefillUse,
      double prefillTokensPerSecond,
      double knee,
      int longestPrompt) {
    /**
     * Two seconds, as serving's objective has it; 0.8 of the KV; 0.7 of the time; what the pods
     * learn.
     */
    public static final Targets DEFAULT = new Targets(Duration.ofSeconds(2), 0.8, 0.7, 0, 0, 0);

    /** Checks the values. */
    public Targets {
      check(firstToken.isPositive(), "ttft-budget must be longer than 0");
      check(kvUse > 0 && kvUse <= 1, "kv-target must be above 0 and at most 1");
      check(prefillUse > 0 && prefillUse <= 1, "prefill-target must be above 0 and at most 1");
      check(
          prefillTokensPerSecond >= 0 && prefillTokensPerSecond < Double.POSITIVE_INFINITY,
          "prefill-tokens-per-second must not be negative");
      check(knee >= 0 && knee < Double.POSITIVE_INFINITY, "knee must not be negative");
      check(longestPrompt >= 0, "longest-prompt must not be negative");
    }
  }

  /**
   * How fast replicas are added: within an interval to so many times, or by so many, whichever is
   * more.
   *
   * @param factor how many times, at least 1
   * @param replicas how many more, at least 1
   * @param interval the interval
   * @param startup what a new replica takes until it serves
   * @param patience how long a replica may be pending until it is no longer waited for
   */
  public record Up(
      double factor, int replicas, Duration interval, Duration startup, Duration patience) {
    /** Twice or two more a minute; two minutes to start; fifteen until one is given up. */
    public static final Up DEFAULT =
        new Up(2, 2, Duration.ofMinutes(1), Duration.ofMinutes(2), Duration.ofMinutes(15));

    /** Checks the values. */
    public Up {
      check(factor >= 1 && factor < Double.POSITIVE_INFINITY, "up-factor must be at least 1");
      check(replicas >= 1, "up-replicas must be at least 1");
      check(!interval.isNegative(), "up-interval must not be negative");
      check(!startup.isNegative(), "startup must not be negative");
      check(!patience.isNegative(), "patience must not be negative");
    }
  }

  /**
   * How fast replicas are removed.
   *
   * @param window for how long fewer must have been enough
   * @param replicas how many fewer within an interval, at least 1
   * @param interval the interval
   */
  public record Down(Duration window, int replicas, Duration interval) {
    /** Five minutes, then one a minute. */
    public static final Down DEFAULT = new Down(Duration.ofMinutes(5), 1, Duration.ofMinutes(1));

    /** Checks the values. */
    public Down {
      check(!window.isNegative(), "scale-down-window must not be negative");
      check(replicas >= 1, "down-replicas must be at least 1");
      check(!interval.isNegative(), "down-interval must not be negative");
    }
  }

  /**
   * What is added to what the other figures ask for while targets are missed.
   *
   * @param polls readings in a row with a burn above 1
   * @param share how much is added, 0 for nothing
   */
  public record Correction(int polls, double share) {
    /** A fifth after four readings. */
    public static final Correction DEFAULT = new Correction(4, 0.2);

    /** Checks the values. */
    public Correction {
      check(polls >= 1, "burn-polls must be at least 1");
      check(share >= 0 && share <= 1, "burn-share must be from 0 to 1");
    }
  }

  private static void check(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
