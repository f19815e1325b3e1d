package dev.outcrop.bench.peers;

/** One thing to measure, the same for every contestant. */
sealed interface Case {
  /**
   * Decode steps of some sequences, one token of each in a step.
   *
   * @param streams sequences
   * @param context tokens of each before the first measured step
   * @param steps how many to measure
   */
  record Decode(int streams, int context, int steps) implements Case {
    @Override
    public String request() {
      return "decode %d %d %d".formatted(streams, context, steps);
    }

    @Override
    public String name() {
      return "decode " + streams;
    }

    @Override
    public int tokens() {
      return streams;
    }
  }

  /**
   * A prompt from nothing to the logits of its last token.
   *
   * @param tokens its length
   * @param runs how often to measure it
   */
  record Prefill(int tokens, int runs) implements Case {
    @Override
    public String request() {
      return "prefill %d %d".formatted(tokens, runs);
    }

    @Override
    public String name() {
      return "prefill " + tokens;
    }
  }

  /** The line that asks a child for it. */
  String request();

  /** What tables and results call it. */
  String name();

  /** Tokens that one measured time is for. */
  int tokens();
}
