package dev.outcrop.batching.schedule;

import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import java.util.Arrays;
import java.util.List;

/**
 * Steps for devices that run compiled shapes only, such as AWS Neuron: a step is either one
 * prompt's chunk or all decodes, padded to the next compiled shape, and every sequence owns a slot
 * with KV for the longest context, so that nothing is shared, moved or grown.
 *
 * <p>After a step of decodes a prompt goes first; further prompts follow before the next decodes
 * while all of them together keep the target between two tokens. The beginning of a prompt of the
 * upper tiers waits for no decodes, until there were as many prompts in a row as could fill all
 * slots twice. A slot is a KV unit here, so queue, admission, preemption and counts are those of
 * any {@link Scheduler}.
 */
final class FixedShapes implements StepMix {
  private static final double MEMORY = 0.1;

  private final int[] prefillTokens;
  private final int[] decodeRows;
  private final int[] contexts;
  private final long targetNanos;
  private final double[] prefillStepNanos;
  private final double[] decodeStepNanos;
  private double tokenNanos;
  private long nanosSinceDecode;
  private int promptsSinceDecode;

  FixedShapes(CompiledShapes shapes, long targetNanos) {
    this.prefillTokens = ints(shapes.prefillTokens());
    this.decodeRows = ints(shapes.decodeRows());
    this.contexts = ints(shapes.contexts());
    this.targetNanos = targetNanos;
    this.prefillStepNanos = new double[prefillTokens.length];
    this.decodeStepNanos = new double[decodeRows.length];
  }

  /** The engine's KV as slots: a unit for each sequence, as long as the longest context. */
  static KvGeometry slots(KvGeometry engine, CompiledShapes shapes) {
    int longest = shapes.longest();
    int slotTokens = engine.unitsFor(longest) * engine.unitTokens();
    int slots = Math.min(engine.tokens() / slotTokens, shapes.decodeRows().getLast());
    if (slots == 0) {
      throw new IllegalArgumentException(
          "a KV cache of %d tokens holds no slot of %d tokens"
              .formatted(engine.tokens(), slotTokens));
    }
    return new KvGeometry(
        slotTokens, slots, engine.bytesPerToken(), Math.min(longest, engine.maxContext()));
  }

  /** As many rows as there are slots at most, the same share of them for guests. */
  static Limits limits(Limits wanted, KvGeometry slots, CompiledShapes shapes) {
    int rows = Math.min(wanted.rows(), slots.units());
    int guests = (int) Math.round((double) rows * wanted.guests() / wanted.rows());
    return new Limits(
        Math.max(1, rows - guests),
        Math.min(guests, rows - 1),
        Math.max(rows, shapes.prefillTokens().getLast()),
        wanted.targetNanos(),
        wanted.flexFloor(),
        wanted.cacheShare());
  }

  @Override
  public boolean promptsFirst(int decodes, boolean urgent) {
    if (decodes == 0 || promptsSinceDecode == 0) {
      return true;
    }
    int most = decodeRows[decodeRows.length - 1];
    if (urgent) {
      return promptsSinceDecode < 2 * most;
    }
    double prompt = 0;
    for (double known : prefillStepNanos) {
      prompt = Math.max(prompt, known);
    }
    return promptsSinceDecode < most
        && nanosSinceDecode + prompt + decodeNanos(decodes) <= targetNanos;
  }

  @Override
  public int promptTokens(int decodes) {
    return decodes > 0 ? 0 : prefillTokens[prefillTokens.length - 1];
  }

  /** A compiled step of decodes has one token for each row. */
  @Override
  public boolean drafts() {
    return false;
  }

  @Override
  public int promptRows() {
    return 1;
  }

  @Override
  public void shape(StepPlan plan, int decodes) {
    int end = 0;
    for (int row = 0; row < plan.rows(); row++) {
      end = Math.max(end, plan.position(row) + plan.tokens(row));
    }
    if (decodes > 0) {
      plan.shape(decodeRows[next(decodeRows, decodes)], 1, contexts[next(contexts, end)]);
    } else if (plan.rows() > 0) {
      int tokens = prefillTokens[next(prefillTokens, plan.tokens())];
      plan.shape(1, tokens, contexts[next(contexts, Math.max(end, tokens))]);
    }
  }

  @Override
  public void measured(int decodes, int promptTokens, long nanos) {
    if (decodes > 0) {
      learn(decodeStepNanos, next(decodeRows, decodes), nanos);
      nanosSinceDecode = 0;
      promptsSinceDecode = 0;
    } else if (promptTokens > 0) {
      learn(prefillStepNanos, next(prefillTokens, promptTokens), nanos);
      tokenNanos = mean(tokenNanos, (double) nanos / promptTokens);
      nanosSinceDecode += nanos;
      promptsSinceDecode++;
    }
  }

  private static void learn(double[] known, int at, long nanos) {
    known[at] = mean(known[at], (double) nanos);
  }

  private static double mean(double before, double now) {
    return before == 0 ? now : before + MEMORY * (now - before);
  }

  @Override
  public double decodeNanos(int decodes) {
    return decodes == 0 ? 0 : decodeStepNanos[next(decodeRows, decodes)];
  }

  @Override
  public double prefillNanos() {
    return tokenNanos;
  }

  /** The place of the smallest size that holds this many. */
  private static int next(int[] sizes, int wanted) {
    int at = Arrays.binarySearch(sizes, wanted);
    return at >= 0 ? at : -at - 1;
  }

  private static int[] ints(List<Integer> sizes) {
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }
}
