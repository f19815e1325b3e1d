package dev.outcrop.models.grammar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What came of the compilations that were asked for last, as many as fit into some memory. A
 * refusal is kept for a while only: it may have been for want of time. Safe for any thread.
 */
final class Kept {
  private static final int MOST_ENTRIES = 64;
  private static final long REFUSAL_NANOS = 60_000_000_000L;

  private final long mostMemory;
  private final LongSupplier nanoTime;
  private final Map<Syntax, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /** What came of a compilation. */
  sealed interface Outcome {
    /** A grammar. */
    record Made(Grammar grammar) implements Outcome {}

    /**
     * A refusal.
     *
     * @param at when, by the clock
     */
    record Refused(String message, long at) implements Outcome {}
  }

  /**
   * Keeps nothing yet.
   *
   * @param mostMemory bytes that everything may take together, but for the newest
   */
  Kept(long mostMemory, LongSupplier nanoTime) {
    this.mostMemory = mostMemory;
    this.nanoTime = nanoTime;
  }

  synchronized @Nullable Outcome get(Syntax syntax) {
    Entry known = entries.get(syntax);
    if (known == null) {
      return null;
    }
    if (known.outcome instanceof Outcome.Refused(_, long at)
        && nanoTime.getAsLong() - at > REFUSAL_NANOS) {
      entries.remove(syntax);
      return null;
    }
    trim(); // what grammars find out in use takes memory as well
    return known.outcome;
  }

  synchronized void put(Syntax syntax, Outcome outcome) {
    entries.put(syntax, new Entry(outcome, 2 * characters(syntax)));
    trim();
  }

  /** Forgets those that were not asked for the longest. */
  private void trim() {
    long memory = entries.values().stream().mapToLong(Entry::memory).sum();
    Iterator<Entry> eldest = entries.values().iterator();
    while (entries.size() > 1 && (memory > mostMemory || entries.size() > MOST_ENTRIES)) {
      memory -= eldest.next().memory();
      eldest.remove();
    }
  }

  /** An outcome and the memory that its syntax takes. */
  private record Entry(Outcome outcome, long syntaxMemory) {
    long memory() {
      return syntaxMemory
          + switch (outcome) {
            case Outcome.Made(var grammar) -> grammar.memory();
            case Outcome.Refused(var message, _) -> 2L * message.length();
          };
    }
  }

  private static long characters(Syntax syntax) {
    return switch (syntax) {
      case Syntax.Literal(var text) -> text.length();
      case Syntax.Marker(var token) -> token.length();
      case Syntax.Text(var without) -> characters(without);
      case Syntax.JsonSchema(var schema, _) -> schema.length();
      case Syntax.Space _, Syntax.Json _ -> 0;
      case Syntax.Regex(var pattern) -> pattern.length();
      case Syntax.Choice(var texts) -> characters(texts);
      case Syntax.Sequence(var parts) -> parts.stream().mapToLong(Kept::characters).sum();
      case Syntax.AnyOf(var choices) -> choices.stream().mapToLong(Kept::characters).sum();
      case Syntax.Repeat(var inner) -> characters(inner);
      case Syntax.IfPossible(var wanted, var otherwise) ->
          characters(wanted) + characters(otherwise);
    };
  }

  private static long characters(List<String> texts) {
    return texts.stream().mapToLong(String::length).sum();
  }

  /** How many are kept. */
  synchronized int size() {
    return entries.size();
  }
}
