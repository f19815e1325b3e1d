package dev.outcrop.bench.scenario;

import java.time.Duration;
import java.util.List;

/** Reads the shape of a scenario. */
final class ShapeKeys {
  private static final int MOST_TOKENS = 10_000_000;
  private static final int MOST_PARTS = 1_000_000;

  private ShapeKeys() {}

  static Shape read(Keys all) {
    String kind =
        all.choice(
            List.of(
                "random",
                "lognormal",
                "conversation",
                "sharedPrefix",
                "multiTurn",
                "tools",
                "rag"));
    Keys of = all.section(kind);
    Shape shape =
        switch (kind) {
          case "random" -> new Shape.Random(input(of), output(of));
          case "lognormal" ->
              new Shape.LogNormal(logNormal(of.section("input")), logNormal(of.section("output")));
          case "conversation" ->
              Shape.LogNormal.conversation(
                  of.count("mostInput", 2_048, 1, MOST_TOKENS),
                  of.count("mostOutput", 1_024, 1, MOST_TOKENS));
          case "sharedPrefix" ->
              new Shape.SharedPrefix(
                  of.count("prefix", 1, MOST_TOKENS),
                  of.count("prefixes", 1, MOST_PARTS),
                  input(of),
                  output(of));
          case "multiTurn" -> multiTurn(of);
          case "tools" -> new Shape.Tools(of.count("tools", 1, 128), input(of), output(of));
          default -> rag(of);
        };
    of.end();
    return shape;
  }

  private static Shape.MultiTurn multiTurn(Keys of) {
    List<Integer> turns = of.counts("turns", 1, 1_000);
    if (turns.size() > 2 || turns.getFirst() > turns.getLast()) {
      throw of.wrong("turns", "must be a number or the fewest and the most");
    }
    return new Shape.MultiTurn(
        of.count("system", 0, 0, MOST_TOKENS),
        turns.getFirst(),
        turns.getLast(),
        input(of),
        output(of),
        of.time("think", Duration.ZERO));
  }

  private static Shape.Rag rag(Keys of) {
    int pool = of.count("pool", 1, MOST_PARTS);
    return new Shape.Rag(
        of.count("system", 0, 0, MOST_TOKENS),
        pool,
        of.count("documents", 1, pool),
        of.count("documentTokens", 1, MOST_TOKENS),
        input(of),
        output(of));
  }

  private static Shape.LogNormalLength logNormal(Keys of) {
    Shape.LogNormalLength length =
        new Shape.LogNormalLength(
            of.number("median", 1, MOST_TOKENS),
            of.number("sigma", 0, 5),
            of.count("most", 1, MOST_TOKENS));
    of.end();
    return length;
  }

  private static Shape.Even input(Keys of) {
    return new Shape.Even(of.count("input", 1, MOST_TOKENS), range(of));
  }

  private static Shape.Even output(Keys of) {
    return new Shape.Even(of.count("output", 1, MOST_TOKENS), range(of));
  }

  private static double range(Keys of) {
    return of.number("range", 0, 0, 1);
  }
}
