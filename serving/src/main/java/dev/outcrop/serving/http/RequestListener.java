package dev.outcrop.serving.http;

import org.jspecify.annotations.Nullable;

/** Told about requests, on their threads. Must be quick and must not throw. */
public interface RequestListener {
  /**
   * A request is over.
   *
   * @param operation the operation, or {@code unknown}
   * @param model the served model's id, where the request got as far
   * @param status the HTTP status; 499 where the client went away
   * @param nanos how long it took
   */
  void over(String operation, @Nullable String model, int status, long nanos);
}
