package dev.outcrop.serving;

import dev.outcrop.serving.batchjobs.BatchJobsApi;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.http.ApiPort;
import dev.outcrop.serving.http.LifeCycle;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a server takes its leave: not ready at once, no new requests after a delay, and an end to
 * those that are in. Called by whoever stops the server and by threads of the management port; the
 * delay passes on a thread of its own.
 */
final class Drain {
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final Duration delay;
  private final LifeCycle lifeCycle;
  private final ApiPort api;
  private final BatchJobsApi batchJobs;
  private final GenerationService generations;
  private final Runnable refuseRequests;
  private volatile boolean cutOff;

  /**
   * Creates one that has not begun.
   *
   * @param refuseRequests has the batchers refuse what comes
   */
  Drain(
      ServingConfig config,
      LifeCycle lifeCycle,
      ApiPort api,
      BatchJobsApi batchJobs,
      GenerationService generations,
      Runnable refuseRequests) {
    this.delay = config.drainDelay();
    this.lifeCycle = lifeCycle;
    this.api = api;
    this.batchJobs = batchJobs;
    this.generations = generations;
    this.refuseRequests = refuseRequests;
  }

  /** Whether requests were ended that did not end in time. */
  boolean cutOff() {
    return cutOff;
  }

  /** Leaves, and ends requests on a thread that nobody waits for. */
  void begin(Duration timeout) {
    if (leave(timeout)) {
      inBackground("outcrop-drain", () -> endRequests(timeout));
    }
  }

  /**
   * Not ready from now on, and no new requests after the delay.
   *
   * @param timeout how long requests have to end then
   * @return whether nobody had asked for it before
   */
  boolean leave(Duration timeout) {
    if (!lifeCycle.leave(delay)) {
      return false;
    }
    if (delay.isZero()) {
      refuse(timeout);
      return true;
    }
    LOG.info("leaving: not ready from now on, requests are taken for {}", delay);
    api.retire(false);
    inBackground(
        "outcrop-leave",
        () -> {
          try {
            // Some come back before the balancer looks elsewhere; those are told again.
            if (!lifeCycle.awaitDrain(delay.dividedBy(2))) {
              api.retire(true);
              lifeCycle.awaitDrain(delay.minus(delay.dividedBy(2)));
            }
          } finally {
            refuse(timeout);
          }
        });
    return true;
  }

  /** Waits until no request is taken, then for those that are in, and ends what is left. */
  void endRequests(Duration timeout) throws InterruptedException {
    lifeCycle.awaitDrain(delay.plus(LAST_WORDS));
    boolean ended = lifeCycle.awaitEmpty(timeout);
    // Not before: who is in may still send its body, or have several completions to ask for.
    refuseRequests.run();
    if (!ended) {
      LOG.warn("{} requests are cut off after {}", lifeCycle.inFlight(), timeout);
      cutOff = true;
      generations.abortAll();
      lifeCycle.awaitEmpty(LAST_WORDS);
    }
  }

  private void refuse(Duration timeout) {
    api.retire(true); // first, so that who is refused is told to go elsewhere, too
    if (lifeCycle.drain(timeout)) {
      LOG.info("draining, {} requests are in", lifeCycle.inFlight());
      batchJobs.end(timeout);
    }
  }

  private interface Waiting {
    void run() throws InterruptedException;
  }

  private static void inBackground(String name, Waiting work) {
    Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(
            () -> {
              try {
                work.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }
}
