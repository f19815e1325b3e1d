package dev.outcrop.serving.cost;

/**
 * What the node costs, and how much of it is this process's.
 *
 * @param usdPerHour USD an hour of the whole node
 * @param share the share of it that is this process's
 * @param source {@code config}, {@code opencost} or {@code table}
 * @param date the day that the price is of; {@code now} where the source is asked again and again
 * @param instance the type of the instance, empty where not known
 * @param purchase how it is paid for, empty where not known
 */
public record NodePrice(
    double usdPerHour, double share, String source, String date, String instance, String purchase) {
  private static final double NANOS_OF_AN_HOUR = 3_600e9;

  /** USD for a nanosecond of this process. */
  double usdPerNano() {
    return usdPerHour * share / NANOS_OF_AN_HOUR;
  }

  /** USD an hour of this process. */
  public double ownUsdPerHour() {
    return usdPerHour * share;
  }
}
