package dev.outcrop.serving.bedrock;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ApiError;

/** Errors after the first byte of a stream: frames, since the status is sent already. */
final class Failures {
  private Failures() {}

  /** The frame of an error. */
  static byte[] frame(EventFrames frames, OutcropException e) {
    if (e.code() == ModelError.STEP_FAILED) {
      return frames.exception(
          "modelStreamErrorException", "The model failed while it was generating.");
    }
    if (e.code() == ServingError.DRAINING) {
      return frames.exception("serviceUnavailableException", ApiError.of(e).message());
    }
    return fault(frames);
  }

  /** The frame of a fault of ours. */
  static byte[] fault(EventFrames frames) {
    return frames.exception("internalServerException", ApiError.internal().message());
  }
}
