package dev.outcrop.serving.bedrock;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ApiError;

/** Errors after the first byte of a stream: frames, since the status is sent already. */
final class Failures {
  private static final int UNAVAILABLE = 503;

  /** An answer that the end of the server cuts off. */
  static final ApiError STOPPED =
      ApiError.of(new OutcropException(ServingError.DRAINING, "The server is stopping."));

  private Failures() {}

  /** The frame of an error. */
  static byte[] frame(EventFrames frames, OutcropException e) {
    ApiError error = ApiError.of(e);
    if (error.status() == UNAVAILABLE) {
      return frames.exception("serviceUnavailableException", error.message());
    }
    if (e.code() instanceof ServingError) {
      return fault(frames);
    }
    return frames.exception(
        "modelStreamErrorException", "The model failed while it was generating.");
  }

  /** The frame of {@link #STOPPED}. */
  static byte[] stopped(EventFrames frames) {
    return frames.exception("serviceUnavailableException", STOPPED.message());
  }

  /** The frame of a fault of ours. */
  static byte[] fault(EventFrames frames) {
    return frames.exception("internalServerException", ApiError.internal().message());
  }
}
