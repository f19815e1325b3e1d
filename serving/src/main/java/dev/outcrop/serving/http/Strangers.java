package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.ByteBudget;
import io.helidon.webserver.http.ServerRequest;
import java.util.concurrent.Semaphore;

/**
 * Reads the bodies of requests whose signature cannot be verified without them. Until then anybody
 * may have sent them who knows the id of an access key, which is no secret; so all of them together
 * have a part of the memory and of the requests only, and leave the rest to those who are known.
 */
final class Strangers {
  private static final int PART = 2;

  private final Bodies bodies;
  private final ByteBudget memory;
  private final Semaphore places;

  Strangers(Bodies bodies, ByteBudget all, int maxBody, int maxRequests) {
    this.bodies = bodies;
    this.memory = new ByteBudget(Math.max(all.bytes() / PART, maxBody + 1L));
    this.places = new Semaphore(Math.max(1, maxRequests / PART));
  }

  /**
   * Reads a body in full.
   *
   * @param hold holds as many bytes afterwards
   */
  byte[] read(ServerRequest request, ByteBudget.Hold hold) {
    if (!places.tryAcquire()) {
      throw new OutcropException(
          ServingError.OVERLOADED, "Too many requests, please wait before trying again.");
    }
    try (ByteBudget.Hold own = memory.hold()) {
      return bodies.read(request, size -> own.resize(size) && hold.resize(size));
    } finally {
      places.release();
    }
  }
}
