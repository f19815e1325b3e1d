package dev.outcrop.bench.micro;

import dev.outcrop.bench.scheduler.SchedulerSteps;
import java.util.List;

/**
 * A JMH benchmark of {@code bench micro}.
 *
 * @param name what users call it
 * @param type the class that JMH runs
 * @param method its method
 * @param operation what one call does
 * @param parts how many parts a call has
 * @param part what a part is
 */
record MicroCase(
    String name, Class<?> type, String method, String operation, int parts, String part) {
  /** All, in the order in which they run. */
  static final List<MicroCase> ALL =
      List.of(
          new MicroCase(
              "scheduler",
              SchedulerSteps.class,
              "step",
              "plan and apply of a step of 1,000 sequences",
              1_000,
              "sequence"),
          text("tokenizer", "encode a text", TextCosts.CHARACTERS, "character"),
          text("detokenizer", "decode the tokens of that text", TextCosts.CHARACTERS, "character"),
          text("template", "render a conversation", TextCosts.TURNS, "turn"),
          codec("eventStreamWrite", "write the frames of a stream", CodecCosts.FRAMES, "frame"),
          codec("eventStreamRead", "read them with AWS's decoder", CodecCosts.FRAMES, "frame"),
          codec("json", "read and check a Converse body", CodecCosts.TURNS + 1, "turn"),
          new MicroCase(
              "grammarMask",
              GrammarCosts.class,
              "grammarMask",
              "masks of a JSON Schema that were made before, vocabulary 32,000",
              GrammarCosts.TOKENS,
              "token"));

  private static MicroCase text(String name, String operation, int parts, String part) {
    return new MicroCase(name, TextCosts.class, name, operation, parts, part);
  }

  private static MicroCase codec(String name, String operation, int parts, String part) {
    return new MicroCase(name, CodecCosts.class, name, operation, parts, part);
  }
}
