package dev.outcrop.batching.schedule;

/**
 * How many drafted tokens the sequences bring into a step that only decodes (speculative decoding,
 * Leviathan et al., ICML 2023, with {@link Drafter} in place of a model): as many as promise the
 * most tokens in the time that such steps were measured to take. So nothing is drafted where
 * guesses are mostly wrong, nor where a step has so many rows that more tokens make it slower.
 *
 * <p>One step in {@value #PLAIN_AFTER} has no drafts, to know what decodes take alone. What is too
 * slow or mostly wrong is tried again after a while. Part of a {@link Scheduler} and its thread.
 */
final class Speculation {
  static final int MOST_ROWS = 32;
  static final int MOST_TOKENS = 64;
  private static final int PLAIN_AFTER = 32;
  private static final int SIZES = 16;
  private static final int KNOWN = 3; // steps of a size: the first uses kernels for the first time
  private static final double WORTH = 1.02;
  private static final double UP = 0.2;
  private static final double DOWN = 0.5;
  private static final double FORGETTING = 0.01;
  private static final double MOST_EXTRA = 4;
  private static final double UNKNOWN = 0.02; // for each token

  /** A draft is tried where it is at least this likely to be reached and right. */
  private static final double[] LEVELS = {0.9, 0.75, 0.6, 0.45, 0.3, 0.2, 0.12, 0.07, 0.03};

  private final int most;
  private final int stepTokens;
  private final double[] expected = {0.2, 0.35, 0.5};
  private final double[] extra = new double[SIZES * SIZES]; // time over that without drafts, less 1
  private final int[] measured = new int[SIZES * SIZES];
  private final int[] reach = new int[SIZES]; // of a step: twice the most that are known
  private int sincePlain;
  private final double[] right = new double[MOST_ROWS];
  private final int[] room = new int[MOST_ROWS];

  /**
   * Creates one that has measured nothing.
   *
   * @param most drafted tokens of a sequence in a step at most; 0 for none ever
   * @param stepTokens the most tokens of a step
   */
  Speculation(int most, int stepTokens) {
    this.most = most;
    this.stepTokens = Math.min(stepTokens, MOST_TOKENS);
  }

  /**
   * Before a step of decodes alone: says how many tokens each of them drafts, and writes them
   * behind its own.
   *
   * @param plainNanos what the step takes without drafts; 0 where not known
   */
  void draft(Sequences decoding, double plainNanos, TokenBuffers buffers) {
    int rows = decoding.size();
    if (most == 0 || rows == 0 || rows > MOST_ROWS || rows >= stepTokens || plainNanos == 0) {
      return;
    }
    if (sincePlain >= PLAIN_AFTER || !find(decoding, buffers)) {
      sincePlain = 0;
      return;
    }
    int level = best(rows);
    for (int i = 0; i < rows; i++) {
      Sequence sequence = decoding.get(i);
      int drafts = level < 0 ? 0 : reached(i, LEVELS[level]);
      if (drafts > 0) {
        write(sequence, drafts);
      } else if (room[i] > 0) {
        sequence.drafter.declined(expected);
      }
    }
    sincePlain = level < 0 ? 0 : sincePlain + 1;
  }

  /** Looks what each of them may go on with; the step's tokens are theirs in equal parts. */
  private boolean find(Sequences decoding, TokenBuffers buffers) {
    int finds = 0;
    for (int i = 0; i < decoding.size(); i++) {
      Sequence sequence = decoding.get(i);
      room[i] = Math.min(most, sequence.draftRoom());
      right[i] = 0;
      if (room[i] > 0) {
        sequence.draftFrom =
            sequence.drafter.find(sequence.tokens, sequence.length, expected, buffers);
        room[i] = sequence.draftFrom == 0 ? 0 : room[i];
        right[i] = room[i] == 0 ? 0 : sequence.drafter.right();
        finds += room[i] > 0 ? 1 : 0;
      }
    }
    int share = 0;
    if (finds > 0) {
      int tried = Math.max(1, reach[StepBudget.size(decoding.size())] / finds);
      share = Math.min((stepTokens - decoding.size()) / finds, tried);
    }
    for (int i = 0; i < decoding.size(); i++) {
      room[i] = Math.min(room[i], share);
    }
    return share > 0;
  }

  /** The level that promises the most tokens for the time, or -1 where none is worth it. */
  private int best(int rows) {
    int found = -1;
    double bestSpeed = WORTH * rows;
    for (int level = 0; level < LEVELS.length; level++) {
      int drafts = 0;
      double tokens = rows;
      for (int i = 0; i < rows; i++) {
        int reached = reached(i, LEVELS[level]);
        drafts += reached;
        double likely = 1;
        for (int j = 0; j < reached; j++) {
          likely *= right[i];
          tokens += likely;
        }
      }
      if (drafts == 0) {
        continue;
      }
      double speed = tokens / (1 + extra(rows, drafts));
      if (speed > bestSpeed) {
        bestSpeed = speed;
        found = level;
      }
    }
    if (found < 0) {
      int first = SIZES * StepBudget.size(rows);
      for (int size = first; size < first + SIZES; size++) {
        extra[size] -= FORGETTING * extra[size];
      }
    }
    return found;
  }

  /** From fewer drafts where so many were not measured: as if each of them took the same. */
  private double extra(int rows, int drafts) {
    int first = SIZES * StepBudget.size(rows);
    int size = at(rows, drafts);
    while (size >= first && measured[size] < KNOWN) {
      size--;
    }
    if (size < first) {
      return UNKNOWN * drafts;
    }
    int known = size - first;
    int least = known < 2 ? 1 : (2 + known % 2) << (known / 2 - 1);
    return size == at(rows, drafts) ? extra[size] : extra[size] * drafts / least;
  }

  /** How many drafts of a row are at least so likely to be reached and right. */
  private int reached(int row, double level) {
    int count = 0;
    double likely = right[row];
    while (count < room[row] && likely >= level) {
      count++;
      likely *= right[row];
    }
    return count;
  }

  /** A place near the end repeats itself, as it may overlap what is written. */
  private static void write(Sequence sequence, int drafts) {
    int[] tokens = sequence.tokens;
    for (int i = 0; i < drafts; i++) {
      tokens[sequence.length + i] = tokens[sequence.draftFrom + i];
    }
    sequence.drafted = drafts;
  }

  /** A sequence's drafts were run; so many were right. */
  void tried(Sequence sequence, int drafted, int accepted) {
    sequence.drafter.tried(drafted, accepted, expected);
  }

  /** A step with drafts was measured. */
  void measured(int rows, int drafts, double nanos, double plainNanos) {
    int size = at(rows, drafts);
    if (plainNanos == 0 || measured[size]++ == 0) {
      return;
    }
    double took = Math.clamp(nanos / plainNanos - 1, 0, MOST_EXTRA);
    if (measured[size] <= KNOWN) { // one slow step must not tell for long
      extra[size] = measured[size] == 2 ? took : Math.min(extra[size], took);
    } else {
      extra[size] += (took > extra[size] ? UP : DOWN) * (took - extra[size]);
    }
    if (measured[size] >= KNOWN) {
      int like = StepBudget.size(rows);
      reach[like] = Math.max(reach[like], 2 * drafts);
    }
  }

  private static int at(int rows, int drafts) {
    return SIZES * StepBudget.size(rows) + Math.min(SIZES - 1, StepBudget.size(drafts));
  }
}
