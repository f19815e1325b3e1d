package dev.outcrop.models.grammar;

import dev.outcrop.models.engine.TokenConstraint;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What completions may be, for one vocabulary. What is found out on the way, positions and the
 * tokens that may follow each, is kept for all sequences and requests of the grammar, up to some
 * memory. Safe for any thread.
 */
public final class Grammar {
  private static final int MOST_STATE_MEMORY = 4 << 20;
  private static final int MOST_LOCAL_MEMORY = 4 << 20;
  private static final int STATE_MEMORY = 400;
  private static final int STATE_POINTER = 8;
  private static final int MOST_STEPS = 32;

  private final Vocabulary vocabulary;
  private final Rule root;
  private final long ruleMemory;
  private final MaskMaker maker;
  private final State start;
  private Map<Position, State> states = new HashMap<>();
  private final IdentityHashMap<Dfa, @Nullable LocalTokens[]> locals = new IdentityHashMap<>();
  private final IdentityHashMap<Dfa, @Nullable LocalTokens[]> firstLocals = new IdentityHashMap<>();
  private volatile int stateMemory;
  private volatile int localMemory;

  /**
   * Makes a grammar.
   *
   * @param ruleMemory the memory that its rules take, in bytes
   */
  Grammar(Vocabulary vocabulary, Rule root, long ruleMemory) {
    this.ruleMemory = ruleMemory;
    this.vocabulary = vocabulary;
    this.root = root;
    maker = new MaskMaker(vocabulary, this::local);
    start = new State(Position.start(root));
  }

  /** A constraint for one sequence; the tokens that may come first are found out at once. */
  public TokenConstraint constraint() {
    mask(start, vocabulary.startDiffers());
    return new GrammarConstraint(this, vocabulary);
  }

  /** A position and what is known of it. Read and changed under the grammar's lock. */
  static final class State {
    private final Position position;
    private final int[] tokens = new int[MOST_STEPS];
    private final @Nullable State[] behind = new State[MOST_STEPS];
    private int steps;
    private TokenConstraint.@Nullable Mask mask;
    private TokenConstraint.@Nullable Mask firstMask;

    Position position() {
      return position;
    }

    State(Position position) {
      this.position = position;
    }
  }

  State start() {
    return start;
  }

  /** Behind one more token; dead where it was not allowed. */
  synchronized State after(State state, int token, boolean first) {
    boolean own = first && vocabulary.startDiffers();
    for (int i = 0; i < state.steps && !own; i++) {
      State behind = state.behind[i];
      if (state.tokens[i] == token && behind != null) {
        return behind;
      }
    }
    byte[] bytes = vocabulary.bytes(token, first);
    Position position =
        bytes.length == 0 ? state.position.control(token) : state.position.accept(bytes);
    if (position.isDead() && bytes.length > 0) {
      position = state.position.acceptApart(bytes);
    }
    State behind = position.equals(state.position) ? state : state(position);
    if (!own && state.steps < MOST_STEPS) {
      state.tokens[state.steps] = token;
      state.behind[state.steps++] = behind;
    }
    return behind;
  }

  private State state(Position position) {
    State state = states.get(position);
    if (state == null) {
      useState(STATE_MEMORY + 48 * position.items().size());
      state = new State(position);
      states.put(position, state);
    }
    return state;
  }

  /** The tokens that may follow. */
  synchronized TokenConstraint.Mask mask(State state, boolean first) {
    boolean own = first && vocabulary.startDiffers();
    TokenConstraint.Mask known = own ? state.firstMask : state.mask;
    if (known == null) {
      known = maker.make(state.position, own);
      useState(4 * known.ids().length);
      if (own) {
        state.firstMask = known;
      } else {
        state.mask = known;
      }
    }
    return known;
  }

  private LocalTokens local(Dfa dfa, int state, boolean first) {
    if (!first && Lexemes.has(dfa)) {
      return vocabulary.shared(dfa, state);
    }
    IdentityHashMap<Dfa, @Nullable LocalTokens[]> all = first ? firstLocals : locals;
    @Nullable LocalTokens[] ofStates = all.get(dfa);
    LocalTokens local = ofStates == null ? null : ofStates[state];
    if (local == null) {
      boolean counts = Lexemes.has(dfa);
      local = LocalTokens.of(vocabulary.trie(first), dfa, state, vocabulary.words(), counts);
      useLocal(local.memory() + (ofStates == null ? STATE_POINTER * dfa.states() : 0));
      all.computeIfAbsent(dfa, d -> new LocalTokens[d.states()])[state] = local;
    }
    return local;
  }

  /** Counts memory; beyond the bound all is forgotten that can be found out again. */
  private void useState(int bytes) {
    int memory = stateMemory + bytes;
    if (memory > MOST_STATE_MEMORY) {
      states = new HashMap<>();
      Arrays.fill(start.behind, null);
      start.steps = 0;
      memory = bytes;
    }
    stateMemory = memory;
  }

  /** The same for tokens in states of automata, which take longer to find out again. */
  private void useLocal(int bytes) {
    int memory = localMemory + bytes;
    if (memory > MOST_LOCAL_MEMORY) {
      locals.clear();
      firstLocals.clear();
      memory = bytes;
    }
    localMemory = memory;
  }

  /** The memory that is in use for its rules and what was found out, about. */
  long memory() {
    return ruleMemory + stateMemory + localMemory;
  }

  /** Redacted: a grammar tells of the request. */
  @Override
  public String toString() {
    return "Grammar[depth=%d]".formatted(root.depth());
  }
}
