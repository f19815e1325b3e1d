package dev.outcrop.batching;

import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.function.Function;

/**
 * An engine that keeps token ids in its KV slots and checks every plan: segments cover the
 * positions exactly, slots hold what the sequence wrote there, no two rows share a slot. The next
 * token is a function of the sequence's tokens alone, so a batch must give what each request gives
 * alone.
 */
public final class ArenaEngine implements Engine {
  /** Token ids are below this. */
  public static final int VOCABULARY = 97;

  private static final int[] NO_IDS = {};
  private static final float[] NO_LOGPROBS = {};

  private final KvGeometry geometry;
  private final int[] slots;
  private final int[] owner;
  private int steps;
  private volatile boolean closed;
  private Function<StepPlan, StepResult> script = this::forward;

  /** Creates an engine with an empty arena. */
  public ArenaEngine(KvGeometry geometry) {
    this.geometry = geometry;
    this.slots = new int[geometry.tokens()];
    this.owner = new int[geometry.tokens()];
  }

  /** What to do in place of {@link #forward}; set before the first step. */
  public ArenaEngine script(Function<StepPlan, StepResult> answer) {
    this.script = answer;
    return this;
  }

  /** Whether the engine was closed. */
  public boolean closed() {
    return closed;
  }

  @Override
  public KvGeometry geometry() {
    return geometry;
  }

  @Override
  public Pending submit(StepPlan plan) {
    return () -> script.apply(plan);
  }

  @Override
  public void close() {
    closed = true;
  }

  /** Runs and checks a plan. */
  public StepResult forward(StepPlan plan) {
    steps++;
    int rows = plan.rows();
    int[] tokens = new int[rows];
    for (int row = 0; row < rows; row++) {
      tokens[row] = run(plan, row);
    }
    float[] logprobs = new float[rows];
    Arrays.fill(logprobs, Float.NaN);
    int[][] topTokens = new int[rows][];
    Arrays.fill(topTokens, NO_IDS);
    float[][] topLogprobs = new float[rows][];
    Arrays.fill(topLogprobs, NO_LOGPROBS);
    return new StepResult.Sampled(tokens, logprobs, topTokens, topLogprobs);
  }

  private int run(StepPlan plan, int row) {
    int first = plan.position(row);
    int end = first + plan.tokens(row);
    int position = 0;
    long hash = 17;
    for (int segment = 0; segment < plan.segments(row); segment++) {
      int slot = plan.segmentSlot(row, segment);
      check(slot % geometry.unitTokens() == 0, "a segment starts inside a unit");
      check(plan.segmentLength(row, segment) > 0, "an empty segment");
      for (int i = 0; i < plan.segmentLength(row, segment); i++, position++, slot++) {
        int claim = steps * 4096 + row + 1;
        check(owner[slot] / 4096 != steps || owner[slot] == claim, "two rows share a slot");
        owner[slot] = claim;
        if (position >= first && position < end) {
          slots[slot] = plan.tokenId(plan.tokenOffset(row) + position - first);
        }
        if (plan.sampling(row) != null) {
          check(slots[slot] == plan.history(row)[position], "a slot holds another's token");
        }
        hash = hash * 31 + slots[slot];
      }
    }
    check(position == end, "segments do not cover the positions");
    Sampling sampling = plan.sampling(row);
    if (sampling == null) {
      return StepResult.NO_TOKEN;
    }
    check(plan.historyLength(row) == end, "the history ends elsewhere than the row");
    return Math.floorMod(hash, VOCABULARY);
  }

  /** The tokens that any correct scheduler makes of a prompt. */
  public static int[] expected(int[] prompt, int maxTokens, int[] stopTokens) {
    int[] all = Arrays.copyOf(prompt, prompt.length + maxTokens);
    int length = prompt.length;
    while (length < all.length) {
      long hash = 17;
      for (int i = 0; i < length; i++) {
        hash = hash * 31 + all[i];
      }
      int token = Math.floorMod(hash, VOCABULARY);
      if (Arrays.stream(stopTokens).anyMatch(stop -> stop == token)) {
        break;
      }
      all[length++] = token;
    }
    return Arrays.copyOfRange(all, prompt.length, length);
  }

  private static void check(boolean holds, String fault) {
    if (!holds) {
      throw new AssertionError(fault);
    }
  }
}
