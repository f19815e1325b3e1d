package dev.outcrop.bench.scenario;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Draws what arrives. The n-th session of a seed is always the same, whoever asks for it and when.
 * Safe for many threads.
 */
public final class Sessions {
  private static final int PARAMETERS = 4;

  private final Shape shape;
  private final TextScale scale;
  private final long seed;
  private final List<Recording> trace;

  /**
   * Draws by a seed.
   *
   * @param trace what is replayed, for a shape that is recorded
   */
  public Sessions(Shape shape, TextScale scale, long seed, List<Recording> trace) {
    this.shape = shape;
    this.scale = scale;
    this.seed = seed;
    this.trace = trace;
  }

  /** The n-th, from 0. */
  public Session session(int n) {
    SplittableRandom random = random(1, n);
    return switch (shape) {
      case Shape.Random(Shape.Even input, Shape.Even output) ->
          Session.of(null, List.of(), prompt(even(input, random), random), even(output, random));
      case Shape.LogNormal(Shape.LogNormalLength input, Shape.LogNormalLength output) ->
          Session.of(
              null, List.of(), prompt(logNormal(input, random), random), logNormal(output, random));
      case Shape.SharedPrefix shared -> shared(shared, random);
      case Shape.MultiTurn turns -> turns(turns, random);
      case Shape.Tools(int tools, Shape.Even input, Shape.Even output) ->
          Session.of(null, tools(tools), prompt(even(input, random), random), even(output, random));
      case Shape.Rag rag -> rag(rag, random);
      case Shape.Recorded _ -> trace.get(n % trace.size()).session(scale, random);
    };
  }

  private Session shared(Shape.SharedPrefix of, SplittableRandom random) {
    String prefix = part(2, random.nextInt(of.prefixes()), of.prefix());
    String text = prefix + "\n\n" + prompt(even(of.input(), random), random);
    return Session.of(null, List.of(), text, even(of.output(), random));
  }

  private Session turns(Shape.MultiTurn of, SplittableRandom random) {
    List<Session.Turn> turns = new ArrayList<>();
    int count = random.nextInt(of.least(), of.most() + 1);
    for (int turn = 0; turn < count; turn++) {
      String text = prompt(even(of.input(), random), random);
      turns.add(new Session.Turn(List.of(Message.user(text)), even(of.output(), random)));
    }
    String system = of.system() == 0 ? null : part(3, 0, of.system());
    return new Session(system, List.of(), turns, of.think());
  }

  private Session rag(Shape.Rag of, SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    List<Integer> chosen = new ArrayList<>();
    while (chosen.size() < of.documents()) {
      int document = random.nextInt(of.pool());
      if (!chosen.contains(document)) {
        chosen.add(document);
        text.append("Document ").append(document).append(":\n");
        text.append(part(4, document, of.documentTokens())).append("\n\n");
      }
    }
    text.append("Question: ").append(prompt(even(of.input(), random), random));
    String system = of.system() == 0 ? null : part(3, 0, of.system());
    return Session.of(system, List.of(), text.toString(), even(of.output(), random));
  }

  private List<Tool> tools(int count) {
    List<Tool> tools = new ArrayList<>();
    for (int tool = 0; tool < count; tool++) {
      SplittableRandom random = random(5, tool);
      Map<String, Object> properties = new LinkedHashMap<>();
      // Every map keeps its order: Map.of has another one in each JVM, and so would prompts.
      for (int i = 0; i < PARAMETERS; i++) {
        Map<String, Object> property = new LinkedHashMap<>();
        String name = Words.text(1, random) + "_" + i;
        property.put("type", i % 2 == 0 ? "string" : "number");
        property.put("description", words(8, random));
        properties.put(name, property);
      }
      Map<String, Object> schema = new LinkedHashMap<>();
      schema.put("type", "object");
      schema.put("properties", properties);
      schema.put("required", List.copyOf(properties.keySet()));
      tools.add(
          new Tool(
              Words.text(1, random) + "_tool_" + tool,
              words(12, random),
              Collections.unmodifiableMap(schema)));
    }
    return tools;
  }

  private static String words(int count, SplittableRandom random) {
    return Words.text(count, random);
  }

  private String prompt(int tokens, RandomGenerator random) {
    return Words.unique(scale.wordsOfPrompt(tokens), random);
  }

  /** A text that several sessions have, the same one for the same number. */
  private String part(int kind, int number, int tokens) {
    return Words.text(scale.wordsOf(tokens), random(kind, number));
  }

  private SplittableRandom random(int kind, int number) {
    // Each step is mixed before the next, or neighbours would draw the same.
    long ofSeed = new SplittableRandom(seed).nextLong();
    long ofKind = new SplittableRandom(ofSeed + kind).nextLong();
    return new SplittableRandom(ofKind + number);
  }

  static int even(Shape.Even length, RandomGenerator random) {
    double least = length.mean() * (1 - length.range());
    double most = length.mean() * (1 + length.range());
    return (int) Math.max(1, Math.round(least + (most - least) * random.nextDouble()));
  }

  static int logNormal(Shape.LogNormalLength length, RandomGenerator random) {
    double drawn = length.median() * Math.exp(length.sigma() * random.nextGaussian());
    return Math.clamp(Math.round(drawn), 1, length.most());
  }
}
