package dev.outcrop.models.grammar;

import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Generates under a constraint as an engine with random logits would. */
final class Walker implements AutoCloseable {
  static final String[] TOKENIZERS = {
    "llama3", "qwen", "llama2", "mistral", "flags", "normalized", "demo"
  };
  private static final int MOST_TOKENS = 4000;

  final Tokenizer tokenizer;
  final int stop;
  final Vocabulary vocabulary;
  final GrammarCompiler compiler;
  private final boolean[] closes;

  Walker(String name) {
    tokenizer =
        Tokenizer.open(
            name.equals("demo")
                ? Path.of("demo", "model")
                : Path.of("src", "test", "resources", "tokenizers", name));
    stop = tokenizer.eosId().orElse(0);
    vocabulary = Vocabulary.of(tokenizer, new int[] {stop});
    compiler = new GrammarCompiler(vocabulary, () -> 0);
    closes = new boolean[vocabulary.size()];
    for (int id = 0; id < closes.length; id++) {
      byte[] bytes = vocabulary.bytes(id, false);
      String text = new String(bytes, StandardCharsets.UTF_8);
      closes[id] = bytes.length == 0 || (bytes.length <= 2 && text.matches(".?[\"}\\]]"));
    }
  }

  /** The text of one completion that the grammar allows, stop token left out. */
  String generate(Syntax syntax, Random random) {
    return generate(compiler.compile(syntax), random);
  }

  String generate(Grammar grammar, Random random) {
    int prompt = 3;
    int[] history = new int[prompt + MOST_TOKENS];
    TokenConstraint constraint = grammar.constraint();
    for (int length = prompt; length < history.length; length++) {
      TokenConstraint.Mask mask = constraint.mask(history, prompt, length);
      int token = choose(mask, random, length - prompt);
      if (token == stop) {
        return tokenizer.decode(Arrays.copyOfRange(history, prompt, length));
      }
      history[length] = token;
    }
    throw new AssertionError("no end after " + MOST_TOKENS + " tokens");
  }

  /** A token that the mask holds; the longer the text, the rather one that closes something. */
  private int choose(TokenConstraint.Mask mask, Random random, int length) {
    if (mask.count() == 0) {
      throw new AssertionError("nothing may follow after " + length + " tokens");
    }
    if (random.nextInt(300) < length) {
      if (mask.holds(stop)) {
        return stop;
      }
      int from = random.nextInt(closes.length);
      for (int i = 0; i < closes.length; i++) {
        int id = (from + i) % closes.length;
        if (closes[id] && mask.holds(id)) {
          return id;
        }
      }
    }
    if (mask.lists()) {
      return mask.ids()[random.nextInt(mask.ids().length)];
    }
    int id = random.nextInt(mask.vocabulary());
    while (!mask.holds(id)) {
      id = random.nextInt(mask.vocabulary());
    }
    return id;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
