package dev.outcrop.models.grammar;

import dev.outcrop.models.text.Tokenizer;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a model as grammars see them: as bytes, but for control tokens. Made once when a
 * model is loaded. Safe for any thread.
 */
public final class Vocabulary {
  private static final byte[] NONE = {};

  private final Tokens tokens;
  private final int size;
  private final int[] stopTokens;
  private final byte[][] bytes;
  private final byte[][] firstBytes;
  private final TokenTrie trie;
  private final TokenTrie firstTrie;

  /** What is found out about automata that all grammars share; they are few. */
  private final IdentityHashMap<Dfa, @Nullable LocalTokens[]> shared = new IdentityHashMap<>();

  /** Where the tokens come from; as {@link Tokenizer} has them. */
  public interface Tokens {
    /** One more than the highest id. */
    int vocabularySize();

    /** The bytes that a token adds to a text; null for control tokens and ids without a token. */
    byte @Nullable [] bytes(int id, boolean first);

    /** Whether {@link #bytes} depends on whether the token is the first. */
    boolean startDiffers();

    /** Whether an id is a control token, which decoded text leaves out. */
    boolean isSpecial(int id);

    /** The id of a token by its spelling. */
    OptionalInt idOf(String token);
  }

  private record OfTokenizer(Tokenizer tokenizer) implements Tokens {
    @Override
    public int vocabularySize() {
      return tokenizer.vocabularySize();
    }

    @Override
    public byte @Nullable [] bytes(int id, boolean first) {
      return tokenizer.bytes(id, first);
    }

    @Override
    public boolean startDiffers() {
      return tokenizer.startDiffers();
    }

    @Override
    public boolean isSpecial(int id) {
      return tokenizer.isSpecial(id);
    }

    @Override
    public OptionalInt idOf(String token) {
      return tokenizer.idOf(token);
    }
  }

  private Vocabulary(Tokens tokens, int[] stopTokens) {
    this.tokens = tokens;
    this.stopTokens = stopTokens.clone();
    int highest = Arrays.stream(stopTokens).max().orElse(-1);
    size = Math.max(tokens.vocabularySize(), highest + 1);
    bytes = bytes(false);
    trie = new TokenTrie(bytes);
    firstBytes = tokens.startDiffers() ? bytes(true) : bytes;
    firstTrie = tokens.startDiffers() ? new TokenTrie(firstBytes) : trie;
  }

  /**
   * Reads a tokenizer.
   *
   * @param stopTokens the tokens that end a completion, at least one
   */
  public static Vocabulary of(Tokenizer tokenizer, int[] stopTokens) {
    return of(new OfTokenizer(tokenizer), stopTokens);
  }

  /** Reads tokens from elsewhere. */
  public static Vocabulary of(Tokens tokenizer, int[] stopTokens) {
    if (stopTokens.length == 0) {
      throw new IllegalArgumentException("a model without a stop token cannot end an answer");
    }
    return new Vocabulary(tokenizer, stopTokens);
  }

  /** The bytes of each token, none for a control token. */
  private byte[][] bytes(boolean first) {
    byte[][] all = new byte[size][];
    for (int id = 0; id < size; id++) {
      byte[] some = tokens.bytes(id, first);
      all[id] = some == null || isStop(id) ? NONE : some;
    }
    return all;
  }

  int size() {
    return size;
  }

  /** Words of a set of tokens, a bit for each. */
  int words() {
    return (size + 63) / 64;
  }

  int[] stopTokens() {
    return stopTokens;
  }

  boolean isStop(int token) {
    for (int stop : stopTokens) {
      if (stop == token) {
        return true;
      }
    }
    return false;
  }

  /** The bytes of a token; none for a control token and what is no token. */
  byte[] bytes(int token, boolean first) {
    if (token < 0 || token >= size) {
      return NONE;
    }
    return first ? firstBytes[token] : bytes[token];
  }

  /** Whether the first token of a text has bytes of its own. */
  boolean startDiffers() {
    return tokens.startDiffers();
  }

  /** Whether a token counts as text where the text has begun or not. */
  boolean isControl(int token) {
    return tokens.isSpecial(token);
  }

  TokenTrie trie(boolean first) {
    return first ? firstTrie : trie;
  }

  /** The control token of this spelling, which no text can be. */
  OptionalInt controlToken(String spelling) {
    OptionalInt id = tokens.idOf(spelling);
    return id.isPresent() && bytes[id.getAsInt()].length == 0 ? id : OptionalInt.empty();
  }

  /** Tokens in a state of an automaton that lives as long as the process. */
  LocalTokens shared(Dfa dfa, int state) {
    synchronized (shared) {
      @Nullable LocalTokens[] states =
          shared.computeIfAbsent(dfa, d -> new LocalTokens[d.states()]);
      LocalTokens local = states[state];
      if (local == null) {
        local = LocalTokens.of(trie, dfa, state, words(), true);
        states[state] = local;
      }
      return local;
    }
  }
}
