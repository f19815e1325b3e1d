package dev.outcrop.batching.encode;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Batches the texts of an encoder (embeddings) dynamically: by a budget of tokens, by length, and
 * by the time that a text may wait. Its callers' side is safe to call from any thread.
 */
public final class EncodeBatcher implements AutoCloseable {
  private static final Logger LOG = System.getLogger(EncodeBatcher.class.getName());
  private static final Duration END = Duration.ofSeconds(30);

  /** Tenants that are told apart; more share one place. */
  private static final int MOST_TENANTS = 10_000;

  private static final String OTHERS = "(others)";

  private final EncodeConfig config;
  private final EncodeDoor door;
  private final EncodeLoop loop;
  private final Map<String, EncodeShare> shares = new ConcurrentHashMap<>();
  private final Thread thread;

  private EncodeBatcher(String name, Encoder encoder, EncodeConfig config, LongSupplier clock) {
    this.config = config;
    this.door = new EncodeDoor(config);
    this.loop = new EncodeLoop(encoder, config, door, clock);
    // A daemon: the end of the server ends the process, whatever the encoder is busy with.
    this.thread = Thread.ofPlatform().name("encoder-" + name).daemon(true).unstarted(loop);
  }

  /**
   * Starts the thread of an encoder.
   *
   * @param name the model's name, for the thread
   * @param encoder the encoder, used by that thread alone from now on and closed with the batcher
   * @param config the limits
   * @param nanoClock {@link System#nanoTime}
   */
  public static EncodeBatcher start(
      String name, Encoder encoder, EncodeConfig config, LongSupplier nanoClock) {
    EncodeBatcher batcher = new EncodeBatcher(name, encoder, config, nanoClock);
    batcher.thread.start();
    return batcher;
  }

  /** Takes or refuses a text at once. */
  public EncodeSubmit submit(EncodeRequest request) {
    String tenant = request.tenant();
    EncodeShare known = shares.get(tenant);
    if (known == null) {
      String name = shares.size() < MOST_TENANTS ? tenant : OTHERS;
      known = shares.computeIfAbsent(name, _ -> new EncodeShare(config.lengths().size()));
    }
    return door.submit(request, known);
  }

  /** The state of the moment. */
  public EncodeSignals signals() {
    return loop.signals();
  }

  /** Whether the loop lives. */
  public boolean alive() {
    return thread.isAlive() && !door.dead();
  }

  /** Refuses new texts from now on; those that are in go on. */
  public void drain() {
    door.drain();
  }

  /** Ends all texts that have not run with an error, and the loop. The encoder is closed too. */
  @Override
  public void close() {
    door.stop();
    try {
      if (!thread.join(END)) {
        LOG.log(Level.WARNING, "the encoder is still busy after {0}; it is left behind", END);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
