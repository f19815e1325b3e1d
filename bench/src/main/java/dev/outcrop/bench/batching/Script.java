package dev.outcrop.bench.batching;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * What sequences say in a measurement of speculative decoding. A model with random weights copies
 * nothing, so the engine runs every step in full, and its choices are then replaced by these: what
 * is measured is the time, and how often guesses are right is given by the load.
 */
enum Script {
  /** The prompt's tokens again, which has none twice in the same surroundings. */
  COPY("copy"),
  /** The same with every twelfth token another one, as where a text is edited. */
  EDIT("edit"),
  /** Tokens by chance from the whole vocabulary: nothing comes again. */
  NEW("new"),
  /** Tokens by chance from sixteen: pairs come again all the time, and guesses are mostly wrong. */
  CHANCE("chance");

  private static final int EDITED = 12;
  private static final int FEW = 16;

  private final String label;

  Script(String label) {
    this.label = label;
  }

  /** Its name in results. */
  String label() {
    return label;
  }

  /** A sequence's tokens, prompt first. */
  int[] tokens(int prompt, int completion, int vocabulary, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int[] tokens = new int[prompt + completion];
    int range = this == CHANCE ? Math.min(FEW, vocabulary) : vocabulary;
    for (int i = 0; i < tokens.length; i++) {
      int said = i - prompt;
      boolean copied =
          switch (this) {
            case COPY -> said >= 0;
            case EDIT -> said >= 0 && said % EDITED != EDITED - 1;
            case NEW, CHANCE -> false;
          };
      tokens[i] = copied ? tokens[said % prompt] : random.nextInt(range);
    }
    return tokens;
  }
}
