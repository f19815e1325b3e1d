package dev.outcrop.serving.prices;

import java.util.Map;
import java.util.Optional;

/**
 * A type of EC2 instance.
 *
 * @param type such as {@code g6.xlarge}
 * @param device what it has to compute with
 * @param devices how many of them
 * @param hourly what it costs, by how it is paid for; what nobody sourced is not there
 */
public record Instance(String type, Device device, int devices, Map<Purchase, Hourly> hourly) {
  /** Copies the map. */
  public Instance {
    hourly = Map.copyOf(hourly);
  }

  /** What it costs when it is paid for in this way, if the table has it. */
  public Optional<Hourly> price(Purchase purchase) {
    return Optional.ofNullable(hourly.get(purchase));
  }
}
