package dev.outcrop.models.testing;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.engine.TokenConstraint;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An engine without weights, for tests of everything above it. Step times follow a {@link
 * Roofline}, tokens are a function of the sequence's history, so the same request gives the same
 * tokens alone or in any batch.
 *
 * <p>It remembers which token lies in which KV slot and checks every row's segments against the
 * row's history. Wrong accounting (a slot given away too early, a segment in the wrong order) is a
 * bug of the caller and comes out as an {@link IllegalStateException} from {@link #submit}, or when
 * the step is awaited that does not find its KV any more.
 *
 * <p>Used by one thread, as any engine.
 */
public final class FakeEngine implements Engine {

  /** Chooses the next token of a row. */
  public interface NextToken {
    /**
     * The token after the first {@code length} ones.
     *
     * @param history the sequence's tokens, prompt first; only the first {@code length} count
     * @param promptTokens how many of them are prompt
     * @param length how many of them there are
     * @return a token id, or {@link StepResult#ROW_FAILED}
     */
    int next(int[] history, int promptTokens, int length);

    /** Tokens that look random and depend on the whole history, from 0 to {@code vocabulary}-1. */
    static NextToken hashed(int vocabulary) {
      return (history, promptTokens, length) -> {
        long h = length;
        for (int i = 0; i < length; i++) {
          h = (h ^ history[i]) * 0x9E3779B97F4A7C15L;
          h ^= h >>> 29;
        }
        return (int) Long.remainderUnsigned(h, vocabulary);
      };
    }
  }

  /** Decides whether a step fails. */
  public interface StepFault {
    /**
     * Called before each step.
     *
     * @param step how many steps were submitted before
     * @param plan the step
     * @return null for a step that works; else {@link ModelError#STEP_FAILED} or {@link
     *     ModelError#ENGINE_DEAD}
     */
    @Nullable ModelError before(long step, StepPlan plan);

    /** No step fails. */
    StepFault NONE = (step, plan) -> null;
  }

  /** Lets a step's time pass. */
  public interface Sleeper {
    /** Blocks for the time of a step. */
    void sleep(long nanos);

    /** Real time. */
    Sleeper REAL =
        nanos -> {
          long end = System.nanoTime() + nanos;
          for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
        };
  }

  private final KvGeometry geometry;
  private final Roofline roofline;
  private final NextToken next;
  private final StepFault fault;
  private final Sleeper sleeper;
  private final int[] slotToken;
  private final int[] slotPosition;
  private final int[] slotForm;
  private IntUnaryOperator forms = tokens -> 0;
  private FakeStages stages = FakeStages.one();
  private long steps;
  private boolean dead;
  private boolean closed;

  /** Creates an engine that draws tokens by hash, never fails, and takes no time. */
  public FakeEngine(KvGeometry geometry, int vocabulary) {
    this(geometry, Roofline.INSTANT, NextToken.hashed(vocabulary), StepFault.NONE, nanos -> {});
  }

  /**
   * Creates an engine.
   *
   * @param geometry what its KV arena holds
   * @param roofline how long a step takes
   * @param next how tokens are chosen
   * @param fault which steps fail
   * @param sleeper how time passes: {@link Sleeper#REAL}, or a test's own clock
   */
  public FakeEngine(
      KvGeometry geometry, Roofline roofline, NextToken next, StepFault fault, Sleeper sleeper) {
    this.geometry = geometry;
    this.roofline = roofline;
    this.next = next;
    this.fault = fault;
    this.sleeper = sleeper;
    slotToken = new int[geometry.tokens()];
    slotPosition = new int[geometry.tokens()];
    slotForm = new int[geometry.tokens()];
    Arrays.fill(slotPosition, -1);
  }

  /** The same engine with positions whose form depends on the most tokens of a sequence. */
  public FakeEngine withForms(IntUnaryOperator formOfTokens) {
    forms = formOfTokens;
    return this;
  }

  /**
   * The same engine in stages, each of which takes its part of a step's time.
   *
   * @param nanoClock the clock that the sleeper's time passes on
   */
  public FakeEngine inStages(int count, LongSupplier nanoClock) {
    stages = FakeStages.of(count, nanoClock);
    return this;
  }

  @Override
  public int stages() {
    return stages.count();
  }

  @Override
  public KvGeometry geometry() {
    return geometry;
  }

  @Override
  public int ropeForm(int tokens) {
    return forms.applyAsInt(tokens);
  }

  /** Steps submitted so far. */
  public long steps() {
    return steps;
  }

  @Override
  public Pending submit(StepPlan plan) {
    check(!closed, "the engine is closed");
    check(stages.hasRoom(), "a step is in flight already");
    for (int i = 0; i < plan.moves(); i++) { // before anything that may fail, as the contract says
      move(slotToken, plan.moveFrom(i), plan.moveTo(i), plan.moveLength(i));
      move(slotPosition, plan.moveFrom(i), plan.moveTo(i), plan.moveLength(i));
      move(slotForm, plan.moveFrom(i), plan.moveTo(i), plan.moveLength(i));
    }
    ModelError error = dead ? ModelError.ENGINE_DEAD : fault.before(steps, plan);
    steps++;
    StepResult result;
    long nanos = 0;
    if (error == null && stages.behindFailed()) {
      result = nonsense(plan);
    } else if (error == null) {
      long kvTokens = 0;
      for (int row = 0; row < plan.rows(); row++) {
        kvTokens += write(plan, row);
      }
      result = sample(plan);
      int tokens = plan.tokens();
      if (plan.shapeRows() > 0) { // padding takes as long as what it stands for
        checkShape(plan);
        tokens = plan.shapeRows() * plan.shapeTokens();
        kvTokens = (long) plan.shapeRows() * plan.shapeContext();
      }
      nanos = roofline.stepNanos(tokens, kvTokens * geometry.bytesPerToken());
    } else {
      dead = error == ModelError.ENGINE_DEAD;
      result = new StepResult.Failed(new OutcropException(error, "the fake step failed"));
    }
    FakeStages.Step step = stages.submit(error != null, nanos);
    return () -> {
      sleeper.sleep(stages.left(step));
      check(stages.end(step), "a step awaited out of turn");
      boolean again = stages.count() > 1 && step.usable(); // others were submitted since
      for (int row = 0; row < plan.rows() && again; row++) {
        verify(plan, row, plan.sampling(row) != null);
      }
      return result;
    };
  }

  /** What nobody is to use: any token, and nothing is written. */
  private static StepResult nonsense(StepPlan plan) {
    int[] tokens = new int[plan.results()];
    return new StepResult.Sampled(
        tokens, new float[tokens.length], new int[tokens.length][0], new float[tokens.length][0]);
  }

  @Override
  public void close() {
    check(stages.isEmpty(), "a step is in flight");
    closed = true;
  }

  private static void checkShape(StepPlan plan) {
    check(plan.rows() <= plan.shapeRows(), "more rows than its shape has");
    for (int row = 0; row < plan.rows(); row++) {
      int end = plan.position(row) + plan.tokens(row);
      check(plan.tokens(row) <= plan.shapeTokens(), "a row longer than its shape");
      check(end <= plan.shapeContext(), "a row past the context of its shape");
      check(plan.segments(row) == 1, "a row in pieces in a shape");
    }
  }

  private static void move(int[] slots, int from, int to, int length) {
    check(from + length <= to || to + length <= from, "a move onto itself");
    System.arraycopy(slots, from, slots, to, length);
  }

  /** Writes a row's tokens into their slots; returns how many tokens of KV the row reads. */
  private int write(StepPlan plan, int row) {
    int first = plan.position(row);
    int end = first + plan.tokens(row);
    check(plan.tokens(row) > 0, "a row without tokens");
    check(end <= geometry.maxContext(), "a row past the longest context");
    int position = 0;
    for (int s = 0; s < plan.segments(row); s++) {
      int slot = plan.segmentSlot(row, s);
      int length = plan.segmentLength(row, s);
      check(slot % geometry.unitTokens() == 0, "a segment that does not start at a unit");
      check(slot >= 0 && slot + length <= geometry.tokens(), "a segment outside the arena");
      for (int i = 0; i < length; i++, position++) {
        if (position >= first) {
          slotToken[slot + i] = plan.tokenId(row, position - first);
          slotPosition[slot + i] = position;
          slotForm[slot + i] = plan.ropeForm(row);
        }
      }
    }
    check(position == end, "segments that do not cover exactly the row's positions");
    return end;
  }

  private StepResult sample(StepPlan plan) {
    int results = plan.results();
    int[] tokens = new int[results];
    float[] logprobs = new float[results];
    int[][] topTokens = new int[results][0];
    float[][] topLogprobs = new float[results][0];
    Arrays.fill(tokens, StepResult.NO_TOKEN);
    Arrays.fill(logprobs, Float.NaN);
    var sampled = new StepResult.Sampled(tokens, logprobs, topTokens, topLogprobs);
    for (int row = 0; row < plan.rows(); row++) {
      Sampling how = plan.sampling(row);
      verify(plan, row, how != null);
      int drafts = plan.drafts(row);
      check(drafts == 0 || how != null, "drafts of a row that takes no token");
      check(drafts < plan.tokens(row), "a row of nothing but drafts");
      for (int i = 0; how != null && i <= drafts; i++) {
        int length = plan.historyLength(row) - drafts + i;
        sample(plan, row, how, length, plan.firstResult(row) + i, sampled);
      }
    }
    return sampled;
  }

  private void sample(
      StepPlan plan, int row, Sampling how, int length, int at, StepResult.Sampled into) {
    int token = next.next(plan.history(row), plan.historyPrompt(row), length);
    if (how.constraint() != null) {
      token = constrained(plan, row, length, how.constraint(), token);
    }
    into.tokens()[at] = token;
    if (how.logprobs() < 0 || token < 0) {
      return;
    }
    into.logprobs()[at] = -0.5f;
    int[] top = new int[how.logprobs()];
    float[] topLogprobs = new float[top.length];
    for (int i = 0; i < top.length; i++) {
      top[i] = i == 0 ? token : i - 1 + (i - 1 < token ? 0 : 1);
      topLogprobs[i] = -0.5f - i;
    }
    into.topTokens()[at] = top;
    into.topLogprobs()[at] = topLogprobs;
  }

  /** The token itself where it is allowed, else one of those that are. */
  private static int constrained(
      StepPlan plan, int row, int length, TokenConstraint by, int token) {
    TokenConstraint.Mask mask;
    try {
      mask = by.mask(plan.history(row), plan.historyPrompt(row), length);
    } catch (RuntimeException e) {
      return StepResult.ROW_FAILED;
    }
    if (token < 0 || mask.holds(token)) {
      return token;
    }
    int left = mask.count() == 0 ? -1 : token % mask.count();
    for (int id = 0; id < mask.vocabulary() && left >= 0; id++) {
      if (mask.holds(id) && left-- == 0) {
        return id;
      }
    }
    return StepResult.ROW_FAILED;
  }

  /** Checks after all rows were written, so that rows writing over each other are found. */
  private void verify(StepPlan plan, int row, boolean againstHistory) {
    int end = plan.position(row) + plan.tokens(row);
    check(
        !againstHistory || plan.historyLength(row) == end,
        "a history that does not end with the row's last token");
    int[] history = plan.history(row);
    int position = 0;
    for (int s = 0; s < plan.segments(row); s++) {
      int slot = plan.segmentSlot(row, s);
      for (int i = 0; i < plan.segmentLength(row, s); i++, position++) {
        check(slotPosition[slot + i] == position, "a slot that holds another position");
        check(slotForm[slot + i] == plan.ropeForm(row), "a slot whose position has another form");
        check(
            !againstHistory || slotToken[slot + i] == history[position],
            "a slot that holds another sequence's token");
      }
    }
  }

  private static void check(boolean ok, String message) {
    if (!ok) {
      throw new IllegalStateException("the plan has or the caller made: " + message);
    }
  }
}
