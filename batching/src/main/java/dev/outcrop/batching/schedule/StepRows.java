package dev.outcrop.batching.schedule;

import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.Runs;
import dev.outcrop.models.engine.StepPlan;

/**
 * Writes the rows of a step and knows afterwards which sequence each of them is. Part of a {@link
 * Scheduler} and its thread.
 */
final class StepRows {
  private final Sequence[] sequence;
  private final int[] tokens;
  private final int[] firstResult;
  private final int unitTokens;
  private StepPlan plan = new StepPlan();
  private long step;
  private int rows;
  private int drafts;
  private int flexTokens;
  private int decodeRows;
  private int promptTokens;
  private boolean behindPrompts;
  private long now;

  @SuppressWarnings("UnusedVariable")
  private int touched; // without a use of what was read, the reads would be left out

  StepRows(int most, int unitTokens) {
    this.sequence = new Sequence[most];
    this.tokens = new int[most];
    this.firstResult = new int[most];
    this.unitTokens = unitTokens;
  }

  /** Begins a step of this number: the rows go to this plan, which is empty. */
  void begin(StepPlan into, long number, long time) {
    plan = into;
    now = time;
    step = number;
    rows = 0;
    drafts = 0;
    flexTokens = 0;
    decodeRows = 0;
    promptTokens = 0;
    behindPrompts = false;
  }

  /** KV to be copied before the rows run: unit numbers. */
  void move(int from, int to, int units) {
    plan.move(from * unitTokens, to * unitTokens, units * unitTokens);
  }

  /** The next token of everybody who decodes, and what it drafts behind it. */
  void addDecodes(Sequences decoding) {
    touched += decoding.touch();
    for (int i = 0; i < decoding.size(); i++) {
      addDecode(decoding.get(i));
    }
    decodeRows = rows;
  }

  /**
   * The next token of some that decode and are in no other step: what one step leaves the next one
   * takes, so that nobody is passed over for long.
   *
   * @param most how many at most
   * @param from where in the list to begin
   * @return where the next step begins
   */
  int addDecodes(Sequences decoding, int most, int from) {
    int size = decoding.size();
    int at = from < size ? from : 0;
    for (int i = 0; i < size && rows < most; i++) {
      Sequence decodes = decoding.get(at);
      if (decodes.ready()) {
        addDecode(decodes);
      }
      at = at + 1 < size ? at + 1 : 0;
    }
    decodeRows = rows;
    return at;
  }

  private void addDecode(Sequence decodes) {
    plan.row(decodes.computed);
    if (decodes.ropeForm() != 0) { // mostly it is, and a look is cheaper than a store
      plan.form(decodes.ropeForm());
    }
    int drafted = decodes.drafted;
    if (drafted == 0) {
      plan.token(decodes.last);
    } else {
      plan.tokens(decodes.tokens, decodes.computed, 1 + drafted);
    }
    int used = decodes.length + drafted;
    addSegments(decodes.runs, used);
    plan.sample(decodes.sampling, decodes.tokens, decodes.promptTokens, used);
    if (drafted > 0) {
      plan.drafted(drafted);
    }
    add(decodes, 1 + drafted);
    drafts += drafted;
  }

  /** A piece of a prompt; answers how many tokens it has. */
  int addPrompt(Sequence prefills, int most) {
    int first = prefills.computed + prefills.tokensInFlight;
    int count = Math.min(prefills.length - first, most);
    int used = first + count;
    plan.row(first);
    plan.form(prefills.ropeForm());
    plan.tokens(prefills.tokens, first, count);
    addSegments(prefills.runs, used);
    if (used == prefills.length) {
      plan.sample(prefills.sampling, prefills.tokens, prefills.promptTokens, prefills.length);
    }
    if (prefills.plannedStep < 0) {
      prefills.startedNanos = now;
    }
    prefills.plannedStep = step;
    add(prefills, count);
    promptTokens += count;
    return count;
  }

  private void addSegments(Runs runs, int used) {
    int unplaced = used;
    for (int run = 0; unplaced > 0; run++) {
      int here = Math.min(unplaced, runs.units(run) * unitTokens);
      plan.segment(runs.start(run) * unitTokens, here);
      unplaced -= here;
    }
  }

  private void add(Sequence planned, int count) {
    if (sequence[rows] != planned) { // mostly it is, and a look is cheaper than a store
      sequence[rows] = planned;
    }
    tokens[rows] = count;
    firstResult[rows] = rows + drafts;
    flexTokens += planned.flow.tier == Tier.FLEX ? count : 0;
    rows++;
  }

  /**
   * Whether nothing more of a sequence runs in the step, so that it can go after those in flight.
   */
  boolean holds(Sequence running) {
    return running.heldStep == step;
  }

  /** Whether a piece of its prompt is in the step already. */
  boolean has(Sequence prefills) {
    return prefills.plannedStep == step;
  }

  /** Reads what applying writes of each row, for the reason of {@link Sequences#touch}. */
  void touch() {
    for (int row = 0; row < rows; row++) {
      touched += sequence[row].touch();
    }
  }

  /**
   * The step is in flight, where several may be: its sequences know of it.
   *
   * @param promptsAhead whether steps ahead of it run prompts
   */
  void depart(boolean promptsAhead) {
    behindPrompts = promptsAhead;
    for (int row = 0; row < rows; row++) {
      sequence[row].stepsInFlight++;
      sequence[row].tokensInFlight += tokens[row];
    }
  }

  /** A row of it is no longer in flight. */
  void land(int row) {
    sequence[row].stepsInFlight--;
    sequence[row].tokensInFlight -= tokens[row];
  }

  int count() {
    return rows;
  }

  /** Rows that generate; they are the first ones. */
  int decodeRows() {
    return decodeRows;
  }

  /** Tokens of the rows that run their prompt. */
  int promptTokens() {
    return promptTokens;
  }

  /** Whether it waits for prompts of steps ahead of it, so that its own time tells nothing. */
  boolean behindPrompts() {
    return behindPrompts;
  }

  /** Whose row it is. */
  Sequence sequence(int row) {
    return sequence[row];
  }

  /** The row's tokens. */
  int tokens(int row) {
    return tokens[row];
  }

  /** The first of the row's results. */
  int firstResult(int row) {
    return firstResult[row];
  }

  /** Results of the step: its rows and its drafts. */
  int results() {
    return rows + drafts;
  }

  /** Drafted tokens in the step. */
  int drafts() {
    return drafts;
  }

  /** Tokens of the flex tier in the step. */
  int flexTokens() {
    return flexTokens;
  }
}
