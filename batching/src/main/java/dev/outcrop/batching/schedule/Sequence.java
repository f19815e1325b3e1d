package dev.outcrop.batching.schedule;

import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.kv.Lease;
import dev.outcrop.batching.kv.Runs;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.models.engine.Sampling;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One request as the scheduler sees it: a prompt to run, then tokens to generate one by one. Made
 * on the request's thread, where its prompt is hashed; after {@link Scheduler#add} it belongs to
 * the scheduler and its thread.
 *
 * <p>There is no prefill or decode phase to switch between: each step lets {@code computed} (tokens
 * whose KV is written) catch up with {@code length} (tokens known), and a row that catches up gets
 * the next token. A preempted sequence begins again at 0 and catches up in the same way.
 */
public final class Sequence {
  /** No deadline. */
  public static final long NEVER = Long.MAX_VALUE;

  /** Where a sequence stands. */
  enum Phase {
    NEW,
    WAITING,
    PREFILLING,
    DECODING,
    ENDED
  }

  /** Room for generated tokens that a sequence brings with it; few need more. */
  private static final int FIRST_ROOM = 256;

  private static final int[] NONE = {};
  private static final long[] NO_HASHES = {};

  final Flow flow;
  final Sampling sampling;
  final int maxTokens;
  final int promptTokens;
  final long deadline;
  final Lease lease = new Lease();
  final Runs runs = lease.runs();
  private final int[] stopTokens;
  private final int firstStop; // here, and not in one more line of memory
  private final boolean moreStops;
  private final PrefixKey key;
  private final int ropeForm;

  Phase phase = Phase.NEW;
  int[] tokens;
  int length;
  int computed;
  int last;
  int cachedTokens = -1;
  long serial = -1;
  long arrivedStep;
  long startedStep;
  long startedNanos;
  long plannedStep = -1;
  long compactedStep = Long.MIN_VALUE / 2;
  long heldStep = -1; // the last that has nothing of it, as it is to go once its steps are done
  boolean preempted;
  boolean owed; // let in by the flex floor
  int affinity;
  int heapIndex = Flow.NOWHERE;
  int place = Flow.NOWHERE;
  int room;
  final Drafter drafter = new Drafter();
  int stepsInFlight; // where the engine has several in flight, those that have a row of it
  int tokensInFlight;
  StepOutcome.@Nullable End leaves; // why it goes once none of its steps is in flight
  int draftFrom; // where its drafts come from
  int drafted; // tokens of the planned step behind its own
  int passed; // steps in which others of its tier went before the rest of its prompt
  private long[] hashes;
  private int hashed;
  private int hashAgainAt;
  private boolean buffered;

  /**
   * Creates a sequence that no scheduler knows yet.
   *
   * @param flow whose it is
   * @param prompt token ids, at least one; read only
   * @param maxTokens the most tokens to generate, at least 1
   * @param sampling how to choose each token
   * @param stopTokens ids that end the sequence; read only
   * @param deadline nanoseconds on the scheduler's clock before which the first token is wanted, or
   *     {@link #NEVER}; only its order counts here
   * @param key names its prefix
   */
  public Sequence(
      Flow flow,
      int[] prompt,
      int maxTokens,
      Sampling sampling,
      int[] stopTokens,
      long deadline,
      PrefixKey key) {
    if (prompt.length == 0 || maxTokens < 1) {
      throw new IllegalArgumentException("a sequence needs a prompt and maxTokens >= 1");
    }
    this.flow = flow;
    int capacity = prompt.length + maxTokens;
    this.tokens = Arrays.copyOf(prompt, Math.min(capacity, prompt.length + FIRST_ROOM));
    this.length = prompt.length;
    this.promptTokens = prompt.length;
    this.maxTokens = maxTokens;
    this.sampling = sampling;
    this.stopTokens = stopTokens;
    this.firstStop = stopTokens.length > 0 ? stopTokens[0] : -1;
    this.moreStops = stopTokens.length > 1;
    this.deadline = deadline;
    this.key = key;
    this.ropeForm = key.ropeForm();
    this.hashes = new long[UnitHashes.longs(capacity / key.unitTokens())];
    hashUpTo(prompt.length / key.unitTokens());
  }

  /**
   * What a sequence's prefix is found by.
   *
   * @param hashes the process's hash
   * @param scope model, adapter, tenant and the form of positions
   * @param unitTokens tokens in a KV unit
   * @param ropeForm which form its positions take, see {@link
   *     dev.outcrop.models.engine.Engine#ropeForm}
   */
  public record PrefixKey(UnitHashes hashes, long scope, int unitTokens, int ropeForm) {
    /** The key of a sequence whose positions have the usual form. */
    public PrefixKey(UnitHashes hashes, long scope, int unitTokens) {
      this(hashes, scope, unitTokens, 0);
    }
  }

  /** Whose it is. */
  public Flow flow() {
    return flow;
  }

  /** Tokens of the prompt. */
  public int promptTokens() {
    return promptTokens;
  }

  /** The most tokens to generate. */
  public int maxTokens() {
    return maxTokens;
  }

  /** Prompt tokens that were found in the cache when the sequence first started. */
  public int cachedTokens() {
    return Math.max(0, cachedTokens);
  }

  /**
   * What the cache did for the prompt, which is settled when the sequence first starts. A reader of
   * the stream may ask, too: its first event comes after that.
   */
  public PromptCache promptCache() {
    int read = cachedTokens;
    int full = promptTokens - promptTokens % key.unitTokens();
    return read < 0 ? PromptCache.NONE : new PromptCache(read, full - read);
  }

  /** Whether it ever started; asked like {@link #promptCache}. */
  public boolean hasStarted() {
    return cachedTokens >= 0;
  }

  /** When the step began that first ran a part of it, as {@link Scheduler#plan} was told. */
  public long startedNanos() {
    return startedNanos;
  }

  /** Tokens generated so far, a stop token included. */
  public int completionTokens() {
    return length - promptTokens;
  }

  /** The most tokens that this sequence can come to. */
  int capacity() {
    return promptTokens + maxTokens;
  }

  /** Which form its positions take; part of what its prefix is found by. */
  int ropeForm() {
    return ropeForm;
  }

  /** Tokens whose KV is not written yet. */
  int behind() {
    return length - computed;
  }

  /** Tokens of its prompt that no step has run or is to run yet. */
  int unplanned() {
    return leaves == null ? length - computed - tokensInFlight : 0;
  }

  /** Whether its next token can be run: no other step has it, and there is room. */
  boolean ready() {
    return stepsInFlight == 0 && computed < room;
  }

  /**
   * Tokens that fit behind its own and are of use. One whose tokens are constrained drafts none:
   * each wrong guess would let its constraint begin anew.
   */
  int draftRoom() {
    int fit = Math.min(tokens.length - length, room - computed - 1);
    int use = maxTokens - completionTokens() - 1;
    return sampling.constraint() != null ? 0 : Math.min(fit, use);
  }

  long[] hashes() {
    return hashes;
  }

  /** Units whose KV is full and named. */
  int fullUnits() {
    return Math.min(hashed, computed / key.unitTokens());
  }

  /** Leading units that may come from the cache: one token at least has to be run. */
  int reusableUnits() {
    return Math.min(hashed, (length - 1) / key.unitTokens());
  }

  void advance(int ran) {
    computed += ran;
    if (computed >= hashAgainAt) {
      hashUpTo(computed / key.unitTokens());
    }
  }

  private void hashUpTo(int units) {
    if (units > hashed) {
      key.hashes().extend(key.scope(), tokens, key.unitTokens(), hashed, units, hashes);
      hashed = units;
    }
    hashAgainAt = (hashed + 1) * key.unitTokens();
  }

  void append(int token, TokenBuffers buffers) {
    if (length == tokens.length) {
      int[] larger = buffers.take(Math.min(capacity(), 2 * length));
      System.arraycopy(tokens, 0, larger, 0, length);
      giveBack(buffers);
      tokens = larger;
      buffered = true;
    }
    tokens[length++] = token;
    last = token;
  }

  boolean stopsAt(int token) {
    if (token == firstStop || !moreStops) {
      return token == firstStop;
    }
    for (int stop : stopTokens) {
      if (stop == token) {
        return true;
      }
    }
    return false;
  }

  /** Reads the place of the next token. */
  int touch() {
    return length < tokens.length ? tokens[length] : 0;
  }

  /** The order within a flow: deadline, arrival, then who finds more of its prefix. */
  boolean before(Sequence other) {
    if (deadline != other.deadline) {
      return deadline < other.deadline;
    }
    if (arrivedStep != other.arrivedStep) {
      return arrivedStep < other.arrivedStep;
    }
    return affinity != other.affinity ? affinity > other.affinity : serial < other.serial;
  }

  /** Writes that order as four numbers: the least is first. */
  void orderInto(long[] keys, int at) {
    keys[at] = deadline;
    keys[at + 1] = arrivedStep;
    keys[at + 2] = -affinity;
    keys[at + 3] = serial;
  }

  void end(TokenBuffers buffers) {
    giveBack(buffers);
    drafter.end(buffers);
    phase = Phase.ENDED;
    tokens = NONE;
    hashes = NO_HASHES;
  }

  private void giveBack(TokenBuffers buffers) {
    if (buffered) {
      buffers.give(tokens);
    }
  }
}
