package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.Connections;
import dev.outcrop.serving.transport.Reading;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.http.media.ReadableEntity;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads the bodies of requests, or gets rid of them. On the requests' threads. */
final class Bodies {
  /** A refused body of this size is worth reading, for the connection to live on. */
  private static final int SMALL = 64 * 1_024;

  private static final int FIRST_PIECE = 8 * 1_024;
  private static final int LONGEST_PIECE = 1_024 * 1_024;

  private final Connections connections;
  private final int maxBody;

  Bodies(Connections connections, int maxBody) {
    this.connections = connections;
    this.maxBody = maxBody;
  }

  /** Memory that a body is read into. */
  interface Room {
    /**
     * Holds so many bytes from now on.
     *
     * @return false where there are not as many
     */
    boolean resize(long size);
  }

  /**
   * Reads a body in full.
   *
   * @param memory holds as many bytes afterwards
   * @throws OutcropException where the client goes away or is too slow, or where there is not
   *     enough memory
   * @throws HttpException where the body is too large or is no valid HTTP
   */
  byte[] read(ServerRequest request, Room memory) {
    if (!request.content().hasEntity()) {
      return new byte[0];
    }
    try (Reading reading = connections.reading(request)) {
      return read(request, memory, reading);
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
    } catch (DataReader.IncorrectNewLineException e) {
      throw new HttpException("bad chunk", Status.BAD_REQUEST_400, e);
    } catch (RequestException e) {
      if (e.status().family() == Status.Family.SERVER_ERROR) {
        // So Helidon says that the HTTP/2 stream was reset.
        throw new OutcropException(ServingError.CLIENT_GONE, "the client went away", e);
      }
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] read(ServerRequest request, Room memory, Reading reading) throws IOException {
    byte[] body;
    try {
      body = read(request.content().inputStream(), memory);
    } catch (IllegalStateException e) {
      // Helidon was interrupted where it was about to write.
      if (!reading.late()) {
        throw e;
      }
      body = new byte[0];
    }
    if (reading.cut()) {
      throw new OutcropException(ServingError.CLIENT_GONE, "the client went away");
    }
    if (reading.late()) {
      throw new OutcropException(
          ServingError.BODY_TOO_SLOW, "The request's body took too long to arrive.");
    }
    return body;
  }

  private byte[] read(InputStream in, Room memory) throws IOException {
    List<byte[]> pieces = new ArrayList<>();
    int length = 0;
    int size = FIRST_PIECE;
    while (true) {
      int want = Math.min(size, maxBody + 1 - length);
      if (!memory.resize((long) length + want)) {
        throw new OutcropException(
            ServingError.OVERLOADED, "Too many large requests, please wait before trying again.");
      }
      byte[] piece = in.readNBytes(want);
      pieces.add(piece);
      length += piece.length;
      if (length > maxBody) {
        throw new HttpException("too large", Status.REQUEST_ENTITY_TOO_LARGE_413, false);
      }
      if (piece.length < want) {
        memory.resize(length);
        return joined(pieces, length);
      }
      size = Math.min(2 * size, LONGEST_PIECE);
    }
  }

  private static byte[] joined(List<byte[]> pieces, int length) {
    ByteBuffer all = ByteBuffer.allocate(length);
    pieces.forEach(all::put);
    return all.array();
  }

  /** Whether the connection cannot live on if a request is answered before its body is read. */
  static boolean endsConnection(ServerRequest request) {
    return http1(request)
        && request.content().hasEntity()
        && !request.content().consumed()
        && (request.headers().containsToken(HeaderValues.EXPECT_100)
            || request.headers().contentLength().orElse(Long.MAX_VALUE) > SMALL);
  }

  /**
   * Gets rid of what an answered request's body still has, so that Helidon does not wait for it,
   * which it does without any limit.
   *
   * @param late whether the body was given up while it was read
   * @return whether the connection can live on
   */
  boolean settle(ServerRequest request, boolean late) {
    if (!request.content().hasEntity() || (request.content().consumed() && !late)) {
      return true;
    }
    if (endsConnection(request)) {
      connections.linger(request);
      return false;
    }
    try (Reading reading =
        http1(request) ? connections.reading(request) : connections.draining(request)) {
      // To Helidon a body that was given up has ended, and what still comes of it would fill up
      // the queue that the connection's thread waits for.
      ReadableEntity rest = late ? request.content().copy(() -> {}) : request.content();
      rest.consume();
      return !reading.cut();
    } catch (RequestException e) {
      // The HTTP/2 stream ended, after its answer did.
      return true;
    } catch (RuntimeException e) {
      connections.hangUp(request);
      return false;
    }
  }

  static boolean http1(ServerRequest request) {
    return request.prologue().protocolVersion().startsWith("1");
  }
}
