package dev.outcrop.k8s.watch;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one kind of write is done: only behind the fence, never with an exception, and for a while
 * not at all after it was forbidden or failed. Used by one thread at a time.
 */
final class Desk {
  private static final Logger LOG = LoggerFactory.getLogger(Desk.class);
  private static final Duration FORBIDDEN_PAUSE = Duration.ofMinutes(10);
  private static final Duration FAILED_PAUSE = Duration.ofSeconds(10);

  private final String what;
  private final Fence fence;
  private final Consumer<WriteOutcome> outcomes;
  private boolean told;
  private boolean paused;
  private long pausedUntil;

  /**
   * Creates one.
   *
   * @param what what is written, for the log
   * @param outcomes told what came of each write
   */
  Desk(String what, Fence fence, Consumer<WriteOutcome> outcomes) {
    this.what = what;
    this.fence = fence;
    this.outcomes = outcomes;
  }

  /** Whether a write may begin now. */
  boolean open() {
    return fence.open() && !(paused && pausedUntil - fence.now() > 0);
  }

  /**
   * Writes, if that may begin now.
   *
   * @return whether it was done
   */
  boolean write(Runnable request) {
    if (!open()) {
      return false;
    }
    paused = false;
    try {
      request.run();
      told = false;
      outcomes.accept(WriteOutcome.DONE);
      return true;
    } catch (KubernetesClientException e) {
      failed(e);
    }
    return false;
  }

  /** Reads what a write depends on; like a write that changes nothing. */
  boolean look(Runnable request) {
    if (!open()) {
      return false;
    }
    try {
      request.run();
      return true;
    } catch (KubernetesClientException e) {
      failed(e);
    }
    return false;
  }

  /** Something of another's was left alone. */
  void foreign() {
    outcomes.accept(WriteOutcome.FOREIGN);
  }

  private void failed(KubernetesClientException failure) {
    switch (failure.getCode()) {
      case HttpURLConnection.HTTP_CONFLICT, HttpURLConnection.HTTP_NOT_FOUND ->
          outcomes.accept(WriteOutcome.CONFLICT);
      case HttpURLConnection.HTTP_FORBIDDEN, HttpURLConnection.HTTP_UNAUTHORIZED -> {
        outcomes.accept(WriteOutcome.FORBIDDEN);
        pause(FORBIDDEN_PAUSE, failure);
      }
      default -> {
        outcomes.accept(WriteOutcome.FAILED);
        pause(FAILED_PAUSE, failure);
      }
    }
  }

  private void pause(Duration length, KubernetesClientException failure) {
    paused = true;
    pausedUntil = fence.now() + length.toNanos();
    if (!told) {
      told = true;
      LOG.warn("{} cannot be written, trying again later: {}", what, failure.getMessage());
    }
  }
}
