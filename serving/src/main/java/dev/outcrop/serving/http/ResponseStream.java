package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.ClientWatch;
import dev.outcrop.serving.transport.SendWindow;
import dev.outcrop.serving.transport.Sending;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A response that goes out piece by piece. One thread writes it. */
public final class ResponseStream {
  private static final Logger LOG = LoggerFactory.getLogger(ResponseStream.class);

  private final OutputStream out;
  private final SendWindow window;
  private final ClientWatch client;
  private final Supplier<Sending> sending;
  private final String requestId;

  /**
   * Creates one.
   *
   * @param sending begins what {@code out} is written in
   */
  ResponseStream(
      OutputStream out,
      SendWindow window,
      ClientWatch client,
      Supplier<Sending> sending,
      String requestId) {
    this.out = out;
    this.window = window;
    this.client = client;
    this.sending = sending;
    this.requestId = requestId;
  }

  /**
   * Sends a piece at once. What Helidon throws here, of many types, is nearly always that nobody
   * reads: the connection is closed, the stream was reset, or its window stayed empty for too long.
   * Anything else is logged as a fault of ours.
   *
   * @throws OutcropException with {@code CLIENT_GONE} where it cannot be sent
   */
  public void write(byte[] piece) {
    try {
      for (int at = 0; at < piece.length; ) {
        at += write(piece, at);
      }
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    }
  }

  private int write(byte[] piece, int at) throws IOException {
    int part = window.take(piece.length - at, client);
    try (Sending _ = sending.get()) {
      out.write(piece, at, part);
      out.flush();
    } finally {
      window.give(part);
    }
    return part;
  }

  /** Ends the response properly. */
  public void end() {
    try (Sending _ = sending.get()) {
      out.close();
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    }
  }

  private OutcropException broken(Exception e) {
    if (!client.gone() && !nobodyReads(e)) {
      Faults.log(LOG, requestId, e);
    }
    return new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
  }

  /** A write can fail before whoever reads the connection sees its end. */
  private static boolean nobodyReads(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException
          || (cause instanceof Http2Exception http2
              && http2.code() == Http2ErrorCode.FLOW_CONTROL)) {
        return true;
      }
    }
    return false;
  }
}
