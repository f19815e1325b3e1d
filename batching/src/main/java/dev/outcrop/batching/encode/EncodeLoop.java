package dev.outcrop.batching.encode;

import dev.outcrop.batching.BatchingError;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The body of the batcher's thread, which alone touches planner and encoder: commands, plan,
 * encode, answer.
 */
final class EncodeLoop implements Runnable {
  private static final Logger LOG = System.getLogger(EncodeLoop.class.getName());
  private static final double MEMORY = 0.1;
  private static final double SECOND = 1e9;
  private static final int RERUNS_PER_LOG = 100;

  private final Encoder encoder;
  private final EncodePlanner planner;
  private final EncodeDoor door;
  private final LongSupplier nanoClock;
  private final EncodeBatch batch = new EncodeBatch();
  private final EncodeBatch alone = new EncodeBatch();
  private final Set<EncodeItem> queued = new HashSet<>();
  private ArrayDeque<EncodeDoor.Command> spare = new ArrayDeque<>();
  private double nanosPerToken;
  private double busyNanosPerToken; // of batches behind which others waited
  private long reruns;
  private volatile EncodeSignals signals = new EncodeSignals(0, 0, 0, 0, 0, 0, 0);

  EncodeLoop(Encoder encoder, EncodeConfig config, EncodeDoor door, LongSupplier nanoClock) {
    this.encoder = encoder;
    this.planner = new EncodePlanner(config);
    this.door = door;
    this.nanoClock = nanoClock;
  }

  /** Any thread: the state after the last turn. */
  EncodeSignals signals() {
    return signals;
  }

  @Override
  public void run() {
    OutcropException fault = null;
    try {
      while (turn(planner.dueIn(nanoClock.getAsLong()))) {
        // until the batcher is closed
      }
    } catch (OutcropException error) {
      fault = error;
    } catch (Throwable error) {
      fault = new OutcropException(ModelError.ENGINE_DEAD, "the encoder cannot go on", error);
    }
    end(fault);
  }

  /**
   * Takes commands and runs the batch that is due, if any.
   *
   * @param waitNanos how long to wait for a command at most
   * @return false once the batcher was stopped
   */
  boolean turn(long waitNanos) {
    ArrayDeque<EncodeDoor.Command> taken = door.take(spare, waitNanos);
    if (taken == null) {
      return false;
    }
    long now = nanoClock.getAsLong();
    for (var command = taken.poll(); command != null; command = taken.poll()) {
      switch (command) {
        case EncodeDoor.Command.Submit(var item) -> {
          queued.add(item);
          planner.add(item, now);
        }
        case EncodeDoor.Command.Cancel(var item) -> {
          if (queued.remove(item) && planner.remove(item)) {
            door.began(item);
            door.answer(item, new EncodeAnswer.Cancelled());
          }
        }
      }
    }
    spare = taken;
    planner.plan(now, batch);
    if (batch.rows() > 0) {
      run(now);
    }
    publish(0, 0, 0);
    return true;
  }

  private void run(long begin) {
    long tokens = 0;
    for (int row = 0; row < batch.rows(); row++) {
      EncodeItem item = batch.item(row);
      queued.remove(item);
      door.began(item);
      tokens += item.tokens.length;
    }
    float[][] vectors = encode(batch);
    double each = (double) (nanoClock.getAsLong() - begin) / tokens;
    nanosPerToken = learned(nanosPerToken, each);
    if (planner.size() > 0) {
      busyNanosPerToken = learned(busyNanosPerToken, each);
    }
    door.pace(nanosPerToken);
    publish(batch.rows(), tokens, (long) batch.rows() * batch.length());
    for (int row = 0; row < batch.rows(); row++) {
      door.answer(
          batch.item(row),
          vectors == null ? alone(batch.item(row)) : new EncodeAnswer.Vector(vectors[row]));
    }
  }

  private static double learned(double before, double now) {
    return before == 0 ? now : before + MEMORY * (now - before);
  }

  /** The vectors of a batch, or null where it failed. */
  private float @Nullable [][] encode(EncodeBatch whole) {
    try {
      return whole(whole);
    } catch (OutcropException error) {
      throwIfDead(error);
      if (reruns++ % RERUNS_PER_LOG == 0) {
        LOG.log(
            Level.WARNING, "a batch of " + whole.rows() + " texts failed, run one by one", error);
      }
      return null;
    }
  }

  /** A text of a batch that failed may not be the one that made it fail. */
  private EncodeAnswer alone(EncodeItem item) {
    alone.clear(batch.length());
    alone.add(item);
    try {
      return new EncodeAnswer.Vector(whole(alone)[0]);
    } catch (OutcropException error) {
      throwIfDead(error);
      return new EncodeAnswer.Failed(error);
    }
  }

  private float[][] whole(EncodeBatch some) {
    float[][] vectors = encoder.encode(some);
    if (vectors.length != some.rows()) {
      throw new OutcropException(
          BatchingError.SEQUENCE_FAILED,
          "the encoder had %d vectors for %d texts".formatted(vectors.length, some.rows()));
    }
    return vectors;
  }

  private static void throwIfDead(OutcropException error) {
    if (error.code() == ModelError.ENGINE_DEAD) {
      throw error;
    }
  }

  private void publish(int rows, long tokens, long padded) {
    EncodeSignals last = signals;
    signals =
        new EncodeSignals(
            planner.size(),
            planner.tokens(),
            last.batches() + (rows > 0 ? 1 : 0),
            last.rows() + rows,
            last.tokens() + tokens,
            last.paddedTokens() + padded,
            busyNanosPerToken == 0 ? 0 : SECOND / busyNanosPerToken);
  }

  /** Nobody is left waiting, and the encoder is closed on its own thread. */
  private void end(@Nullable OutcropException fault) {
    if (fault != null) {
      LOG.log(Level.ERROR, "the encoder's loop ends", fault);
    }
    EncodeAnswer end =
        new EncodeAnswer.Failed(
            fault != null
                ? fault
                : new OutcropException(
                    BatchingError.BATCHER_CLOSED, "the server is shutting down"));
    for (var command : door.shut(fault != null)) {
      if (command instanceof EncodeDoor.Command.Submit(var item)) {
        queued.add(item);
      }
    }
    for (EncodeItem item : queued) {
      planner.remove(item);
      door.began(item);
      door.answer(item, end);
    }
    for (int row = 0; row < batch.rows(); row++) { // of a batch that the end came in between
      door.answer(batch.item(row), end);
    }
    queued.clear();
    publish(0, 0, 0);
    try {
      encoder.close();
    } catch (RuntimeException error) {
      LOG.log(Level.ERROR, "the encoder did not close", error);
    }
  }
}
