package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.io.OutputStream;

/** A response that goes out piece by piece. One thread writes it. */
public final class ResponseStream {
  private final OutputStream out;

  ResponseStream(OutputStream out) {
    this.out = out;
  }

  /**
   * Sends a piece at once. What Helidon throws here, of many types, is always that nobody reads:
   * the connection is closed, the stream was reset, or its window stayed empty for too long.
   *
   * @throws OutcropException with {@code CLIENT_GONE} where it cannot be sent
   */
  public void write(byte[] piece) {
    try {
      out.write(piece);
      out.flush();
    } catch (IOException | RuntimeException e) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
    }
  }

  /** Ends the response properly. */
  public void end() {
    try {
      out.close();
    } catch (IOException | RuntimeException e) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
    }
  }
}
