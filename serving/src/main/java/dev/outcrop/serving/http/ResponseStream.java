package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** A response that goes out piece by piece. One thread writes it. */
public final class ResponseStream {
  private final OutputStream out;

  ResponseStream(OutputStream out) {
    this.out = out;
  }

  /**
   * Sends a piece at once.
   *
   * @throws OutcropException with {@code CLIENT_GONE} where it cannot be sent
   */
  public void write(byte[] piece) {
    try {
      out.write(piece);
      out.flush();
    } catch (IOException | UncheckedIOException | CloseConnectionException e) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
    }
  }

  /** Ends the response properly. */
  public void end() {
    try {
      out.close();
    } catch (IOException | UncheckedIOException | CloseConnectionException e) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
    }
  }
}
