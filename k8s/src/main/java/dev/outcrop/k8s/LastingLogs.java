package dev.outcrop.k8s;

import java.util.logging.LogManager;

/**
 * Logs that last as long as the process. The JDK's manager takes its handlers away in a shutdown
 * hook of its own, beside the one that ends the process well, so that nothing of its end would be
 * told. Made by the JDK, which {@link Main} gives its name.
 */
public final class LastingLogs extends LogManager {
  /** Called by the JDK. */
  public LastingLogs() {}

  /** Does nothing: what is logged is written at once, so there is nothing to close. */
  @Override
  public void reset() {}
}
