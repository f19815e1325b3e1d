package dev.outcrop.serving.cost;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model has cost so far.
 *
 * @param id the model
 * @param lines by whom; together they are its part of the node's price for all the time since the
 *     server began
 * @param perMillion what a million tokens cost lately; null where there were none
 */
public record ModelBill(String id, List<Line> lines, @Nullable PerMillion perMillion) {
  /** Time in which nobody had anything to run, that of loading and warming up included. */
  public static final String IDLE = "_idle";

  /** Whose requests warm a model up; no tenant can be called so, and its time counts as idle. */
  public static final String WARM_UP = "_warm-up";

  /** Time that is not kept apart by tenant, such as that of an encoder. */
  public static final String SHARED = "_shared";

  /** The tier of both. */
  public static final String NO_TIER = "none";

  /** Copies the list. */
  public ModelBill {
    lines = List.copyOf(lines);
  }

  /**
   * A tenant's part at one tier.
   *
   * @param usd USD since the server began
   */
  public record Line(String tenant, String tier, double usd) {}

  /**
   * USD for a million tokens, idle time spread over all that was used, so that they add up to the
   * bill.
   *
   * @param input prompt tokens that were computed; null where there were none
   * @param output tokens that were generated, likewise
   * @param blended all of them, those found in the cache as well
   */
  public record PerMillion(@Nullable Double input, @Nullable Double output, double blended) {}

  /** All of it in USD. */
  public double usd() {
    return lines.stream().mapToDouble(Line::usd).sum();
  }
}
