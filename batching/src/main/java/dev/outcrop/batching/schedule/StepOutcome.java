package dev.outcrop.batching.schedule;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a step meant for the sequences of its plan: an entry per token that a sequence got, in
 * order, or end. Written by {@link Scheduler#apply}, read by the engine loop, reused from step to
 * step.
 */
public final class StepOutcome {
  /** Why a sequence ended. */
  public enum End {
    /** It generated one of its stop tokens, which is not published. */
    STOP,
    /** It reached its token limit. */
    LENGTH,
    /** The engine had no token for it. */
    FAILED,
    /** It was cancelled while steps with it were in flight, of which this was the last. */
    CANCELLED
  }

  /** The entry has no token to publish. */
  public static final int NO_TOKEN = -1;

  private int entries;
  private int held;
  private @Nullable Sequence[] sequence = new Sequence[8];
  private int[] result = new int[8];
  private int[] token = new int[8];
  private @Nullable End[] end = new End[8];

  /** Creates an empty outcome. */
  public StepOutcome() {}

  /** Forgets the last step. */
  public void clear() {
    if (held > entries) {
      Arrays.fill(sequence, entries, held, null);
    }
    held = entries; // overwritten by the next step, which mostly has the same sequences
    entries = 0;
  }

  /** How many entries there are. */
  public int entries() {
    return entries;
  }

  /** The sequence of an entry. */
  public Sequence sequence(int entry) {
    Sequence found = sequence[entry];
    if (entry >= entries || found == null) {
      throw new IndexOutOfBoundsException(entry);
    }
    return found;
  }

  /** Which of the plan's results it came from. */
  public int result(int entry) {
    return result[entry];
  }

  /** The token to publish, or {@link #NO_TOKEN}. */
  public int token(int entry) {
    return token[entry];
  }

  /** Whether the sequence got a token, published or not. */
  public boolean gotToken(int entry) {
    return end[entry] != End.FAILED && end[entry] != End.CANCELLED;
  }

  /** Why the sequence ended with this step, or null when it goes on. */
  public @Nullable End end(int entry) {
    return end[entry];
  }

  void add(Sequence of, int from, int published, @Nullable End why) {
    if (entries == result.length) {
      sequence = Arrays.copyOf(sequence, entries * 2);
      result = Arrays.copyOf(result, entries * 2);
      token = Arrays.copyOf(token, entries * 2);
      end = Arrays.copyOf(end, entries * 2);
    }
    if (sequence[entries] != of) {
      sequence[entries] = of;
    }
    result[entries] = from;
    token[entries] = published;
    end[entries] = why;
    entries++;
  }
}
