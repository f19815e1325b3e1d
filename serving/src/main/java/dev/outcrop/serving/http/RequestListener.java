package dev.outcrop.serving.http;

import org.jspecify.annotations.Nullable;

/** Told about requests, on their threads. Must be quick and must not throw. */
public interface RequestListener {
  /** A request is over. */
  void over(Over over);

  /**
   * What was of a request.
   *
   * @param operation the operation, or {@code unknown}
   * @param model the served model's id, where the request got as far
   * @param status the HTTP status; 499 where the client went away
   * @param error the name of the error that it ended with, {@code 499} where the client went away;
   *     null where all went well
   * @param nanos how long it took
   */
  record Over(
      String operation, @Nullable String model, int status, @Nullable String error, long nanos) {}
}
