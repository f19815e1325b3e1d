package dev.outcrop.serving.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/** The traffic of ten tenants: nine with one conversation each, and one that floods the server. */
public final class Burst {
  public static final int FLOOD = 500;
  public static final String FLOODER = "flooder";
  private static final int OTHERS = 9;
  private static final int LEAST_PROMPT = 200;
  private static final int MOST_PROMPT = 4_000;
  private static final int MOST_FLOOD_PROMPT = 2_000;
  private static final double PAUSE = 1.5;

  private Burst() {}

  /**
   * A request.
   *
   * @param id its number; those of the flood come first
   * @param tenant whose it is; also its key
   * @param nanos when it comes
   * @param promptTokens about how long it is
   */
  public record Arrival(int id, String tenant, long nanos, int promptTokens) {
    /** The same of another tenant. */
    public Arrival of(String other) {
      return new Arrival(id, other, nanos, promptTokens);
    }

    /** Whether it is one of the flood. */
    public boolean floods() {
      return id < FLOOD;
    }
  }

  /** The names, and keys, of all tenants. */
  public static List<String> tenants() {
    List<String> tenants = new ArrayList<>(List.of(FLOODER));
    for (int tenant = 0; tenant < OTHERS; tenant++) {
      tenants.add("tenant-" + tenant);
    }
    return tenants;
  }

  /** All requests of the flood, at once. */
  public static List<Arrival> flood() {
    SplittableRandom random = new SplittableRandom(1);
    List<Arrival> flood = new ArrayList<>();
    for (int id = 0; id < FLOOD; id++) {
      flood.add(new Arrival(id, FLOODER, 0, random.nextInt(LEAST_PROMPT, MOST_FLOOD_PROMPT)));
    }
    return flood;
  }

  /**
   * One request after the other from each of the nine, with a pause for the answer and some time to
   * think in between.
   */
  public static List<Arrival> others(double seconds) {
    SplittableRandom random = new SplittableRandom(2);
    List<Arrival> others = new ArrayList<>();
    for (String tenant : tenants().subList(1, OTHERS + 1)) {
      double at = thought(random);
      while (at < seconds) {
        int prompt = random.nextInt(LEAST_PROMPT, MOST_PROMPT);
        others.add(new Arrival(FLOOD + others.size(), tenant, (long) (at * 1e9), prompt));
        at += PAUSE + thought(random);
      }
    }
    return others;
  }

  private static double thought(SplittableRandom random) {
    return -Math.log(1 - random.nextDouble());
  }

  /** All of them in order of time. */
  public static List<Arrival> together(List<Arrival> some, List<Arrival> more) {
    List<Arrival> all = new ArrayList<>(some);
    all.addAll(more);
    all.sort(Comparator.comparingLong(Arrival::nanos));
    return all;
  }

  /** A share of values is at most this. */
  public static double percentile(double share, double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
  }
}
