package dev.outcrop.models.text;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Text to token ids and back, after tokenizer.json of a checkpoint. Thread-safe; called on request
 * threads. Never truncates, pads, adds tokens of its own or uses the network.
 *
 * <p>User text never becomes a control token. Added tokens are looked for here, in Java, and count
 * only where every character of them is trusted. What lies between them goes to the Hugging Face
 * library in one piece, trusted and untrusted text together, but to a variant of the tokenizer that
 * has no added tokens. For a prompt whose user text holds no added token the ids are exactly those
 * of the Hugging Face library.
 */
public final class Tokenizer implements AutoCloseable {
  private final TokenizerSettings settings;
  private final @Nullable String[] tokens;
  private final Map<String, Integer> ids = new HashMap<>();
  private final BitSet special = new BitSet();
  private final BitSet control = new BitSet();
  private final TokenDecoding decoding;
  private final AddedTokenScanner raw;
  private final AddedTokenScanner normalised;
  private final NativeTokenizer start;
  private final NativeTokenizer later;
  private final @Nullable NativeTokenizer startWithAdded;
  private final @Nullable NativeTokenizer laterWithAdded;
  private final List<NativeTokenizer> natives;

  /** Adds each native tokenizer to the list as soon as it exists, for closing. */
  private Tokenizer(TokenizerFile file, TokenizerSettings settings, List<NativeTokenizer> natives) {
    this.settings = settings;
    this.natives = natives;
    tokens = file.tokens();
    for (int id = 0; id < tokens.length; id++) {
      String token = tokens[id];
      if (token != null) {
        ids.put(token, id);
      }
    }
    for (AddedToken token : file.addedTokens()) {
      special.set(token.id(), token.special());
      control.set(token.id(), token.control() && !token.content().equals(settings.unkToken()));
    }
    decoding = file.decoding();
    List<AddedToken> added = List.copyOf(file.addedTokens());
    raw = new AddedTokenScanner(added.stream().filter(t -> !t.normalized()).toList());
    normalised = new AddedTokenScanner(added.stream().filter(AddedToken::normalized).toList());
    boolean twoStarts = file.treatsStartDifferently();
    start = make(file, false, false);
    later = twoStarts ? make(file, false, true) : start;
    // Only where the normalizer decides what an added token is does the library have to find it.
    boolean asks = !normalised.isEmpty() && file.normalises();
    startWithAdded = asks ? make(file, true, false) : null;
    laterWithAdded = asks && twoStarts ? make(file, true, true) : startWithAdded;
  }

  private NativeTokenizer make(TokenizerFile file, boolean withAdded, boolean later) {
    NativeTokenizer made = new NativeTokenizer(file.file(), file.variant(withAdded, later));
    natives.add(made);
    return made;
  }

  /** Opens the tokenizer of a checkpoint folder. */
  public static Tokenizer open(Path folder) {
    TokenizerSettings settings = TokenizerSettings.read(folder);
    TokenizerFile file = TokenizerFile.read(folder, settings);
    List<NativeTokenizer> natives = new ArrayList<>();
    try {
      Tokenizer tokenizer = new Tokenizer(file, settings, natives);
      tokenizer.requireNoControlFromText(file);
      return tokenizer;
    } catch (RuntimeException e) {
      natives.forEach(NativeTokenizer::close);
      throw e;
    }
  }

  /** The promise of this class, put to the proof on every added token before any request. */
  private void requireNoControlFromText(TokenizerFile file) {
    for (AddedToken token : file.addedTokens()) {
      for (long id : start.encode(wellFormed(token.content()))) {
        if (control.get((int) id)) {
          throw invalid(
              file.file(),
              "plain text '%s' turns into a control token".formatted(show(token.content())));
        }
      }
    }
  }

  /**
   * The ids of a prompt. Control tokens come from trusted text alone; white space next to a token
   * with lstrip or rstrip belongs to that token, whoever wrote it.
   */
  public int[] encode(Prompt prompt) {
    StringBuilder text = new StringBuilder();
    BitSet trusted = new BitSet();
    for (Prompt.Piece piece : prompt.pieces()) {
      text.append(piece.text());
      if (piece.trusted()) {
        trusted.set(text.length() - piece.text().length(), text.length());
      }
    }
    return new Encoding(wellFormed(text.toString()), trusted).run();
  }

  /** The ids of a text whose control tokens count, all of it. */
  public int[] encodeTrusted(String text) {
    return encode(new Prompt(List.of(new Prompt.Piece(text, true))));
  }

  /** One more than the highest id; the model's embedding may have more rows. */
  public int vocabularySize() {
    return tokens.length;
  }

  /** The id of a token by its spelling in the vocabulary. */
  public OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Whether an id is a control token, which decoded text leaves out. */
  public boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** The spelling of a control token; null for any other id. */
  public @Nullable String controlToken(int id) {
    return isSpecial(id) && id < tokens.length ? tokens[id] : null;
  }

  /** The text of the token that begins a text, for templates; null where there is none. */
  public @Nullable String bosToken() {
    return settings.bosToken();
  }

  /** The text of the token that ends a text. */
  public @Nullable String eosToken() {
    return settings.eosToken();
  }

  /** The text of the token that fills up batches. */
  public @Nullable String padToken() {
    return settings.padToken();
  }

  /** The text of the token of unknown characters. */
  public @Nullable String unkToken() {
    return settings.unkToken();
  }

  /** The id of the token that begins a text. */
  public OptionalInt bosId() {
    String token = settings.bosToken();
    return token == null ? OptionalInt.empty() : idOf(token);
  }

  /** The id of the token that ends a text. */
  public OptionalInt eosId() {
    String token = settings.eosToken();
    return token == null ? OptionalInt.empty() : idOf(token);
  }

  /**
   * The bytes that a token adds to a text; null for control tokens, the token of unknown characters
   * and ids without a token. A run of such bytes that is valid UTF-8 is what {@link #detokenizer}
   * makes of the tokens.
   *
   * @param first whether it is the first of a text that adds any
   */
  public byte @Nullable [] bytes(int id, boolean first) {
    String token = id >= 0 && id < tokens.length ? tokens[id] : null;
    if (token == null || special.get(id) || control.get(id) || token.equals(settings.unkToken())) {
      return null;
    }
    return decoding.bytesOf(token, first);
  }

  /** Whether {@link #bytes} depends on whether the token is the first. */
  public boolean startDiffers() {
    return decoding.startDiffers();
  }

  /** A detokenizer for one generation; for one thread. */
  public IncrementalDetokenizer detokenizer() {
    return new IncrementalDetokenizer(tokens, special, decoding);
  }

  /** The text of ids, control tokens left out. */
  public String decode(int[] ids) {
    IncrementalDetokenizer detokenizer = detokenizer();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(detokenizer.accept(id));
    }
    return text.append(detokenizer.flush()).toString();
  }

  /** Frees the native tokenizers, after the calls that are under way. */
  @Override
  public void close() {
    natives.forEach(NativeTokenizer::close);
  }

  /** Lone surrogates have no UTF-8 form and would fail in the native library. */
  static String wellFormed(String text) {
    StringBuilder fixed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        fixed = fixed == null ? new StringBuilder(text) : fixed;
        fixed.setCharAt(i, '\ufffd');
      }
    }
    return fixed == null ? text : fixed.toString();
  }

  /** One call of encode. */
  private final class Encoding {
    private final String text;
    private final BitSet trusted;
    private int[] out;
    private int size;

    Encoding(String text, BitSet trusted) {
      this.text = text;
      this.trusted = trusted;
      out = new int[16 + text.length() / 2];
    }

    int[] run() {
      int at = 0;
      for (AddedTokenScanner.Match match : raw.scan(text, 0, text.length(), trusted)) {
        stretch(at, match.start());
        add(match.token().id());
        at = match.end();
      }
      stretch(at, text.length());
      return Arrays.copyOf(out, size);
    }

    /** What lies between tokens that are looked for before the normalizer. */
    private void stretch(int from, int to) {
      List<AddedTokenScanner.Match> matches = normalised.scan(text, from, to, trusted);
      NativeTokenizer library = from == 0 ? startWithAdded : laterWithAdded;
      if (!matches.isEmpty() && library != null && foundByLibrary(library, from, to)) {
        return;
      }
      int at = from;
      for (AddedTokenScanner.Match match : matches) {
        plain(at, match.start());
        add(match.token().id());
        at = match.end();
      }
      plain(at, to);
    }

    /** Takes the library's ids unless a control token of theirs has an untrusted character. */
    private boolean foundByLibrary(NativeTokenizer library, int from, int to) {
      int before = size;
      boolean[] sound = {true};
      Places places = new Places(text, from);
      library.encode(
          text.substring(from, to),
          (id, span) -> {
            add((int) id);
            sound[0] = sound[0] && (!control.get((int) id) || isTrusted(places, span));
          });
      if (!sound[0]) {
        size = before;
      }
      return sound[0];
    }

    private boolean isTrusted(Places places, NativeTokenizer.Span span) {
      int begin = places.of(span.start());
      int end = places.of(span.end());
      while (begin < end && Whitespace.is(text.charAt(begin))) {
        begin++;
      }
      while (begin < end && Whitespace.is(text.charAt(end - 1))) {
        end--;
      }
      return begin < end && trusted.nextClearBit(begin) >= end;
    }

    private void plain(int from, int to) {
      if (from < to) {
        for (long id : (from == 0 ? start : later).encode(text.substring(from, to))) {
          add((int) id);
        }
      }
    }

    private void add(int id) {
      if (size == out.length) {
        out = Arrays.copyOf(out, size * 2);
      }
      out[size++] = id;
    }
  }

  /** Turns code points of a stretch into places of the text; cheap where they are near. */
  private static final class Places {
    private final String text;
    private int codePoint;
    private int place;

    Places(String text, int from) {
      this.text = text;
      place = from;
    }

    int of(int wanted) {
      place = text.offsetByCodePoints(place, wanted - codePoint);
      codePoint = wanted;
      return place;
    }
  }
}
