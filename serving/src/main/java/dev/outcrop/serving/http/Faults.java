package dev.outcrop.serving.http;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.slf4j.Logger;

/**
 * Logs faults of ours. The message of an exception from a library may quote what it was given, so
 * only types and frames are written.
 */
public final class Faults {
  private static final int FRAMES = 12;

  private Faults() {}

  /** Logs an unexpected exception. */
  public static void log(Logger log, String requestId, Throwable fault) {
    StringBuilder text = new StringBuilder();
    int depth = 0;
    for (Throwable cause = fault; cause != null && depth < 4; cause = cause.getCause(), depth++) {
      text.append(depth == 0 ? "" : " caused by ")
          .append(cause.getClass().getName())
          .append(
              Arrays.stream(cause.getStackTrace())
                  .limit(FRAMES)
                  .map(frame -> "\n  at " + frame)
                  .collect(Collectors.joining()));
    }
    log.error("request {} met a fault: {}", requestId, text);
  }
}
