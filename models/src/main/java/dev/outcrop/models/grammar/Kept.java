package dev.outcrop.models.grammar;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What came of the compilations that were asked for last: as many grammars as fit into some memory,
 * and apart from them, so that bad syntaxes push out no grammar, a few refusals for a while. Safe
 * for any thread.
 */
final class Kept {
  private static final int MOST_GRAMMARS = 64;
  private static final int MOST_REFUSALS = 64;
  private static final long MOST_REFUSED_CHARACTERS = 128 << 10;
  private static final long REFUSAL_NANOS = 60_000_000_000L;

  private final long mostMemory;
  private final LongSupplier nanoTime;
  private final Map<Syntax, Entry> grammars = new LinkedHashMap<>(16, 0.75f, true);

  /** The oldest first. */
  private final SequencedMap<Syntax, Outcome.Refused> refusals = new LinkedHashMap<>();

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
   * @param mostMemory bytes that all grammars may take together, but for the newest
   */
  Kept(long mostMemory, LongSupplier nanoTime) {
    this.mostMemory = mostMemory;
    this.nanoTime = nanoTime;
  }

  synchronized @Nullable Outcome get(Syntax syntax) {
    Entry known = grammars.get(syntax);
    if (known != null) {
      trim(); // what grammars find out in use takes memory as well
      return known.outcome;
    }
    Outcome.Refused refused = refusals.get(syntax);
    return refused == null || isOld(refused, nanoTime.getAsLong()) ? null : refused;
  }

  /** What is kept of a syntax, or else another outcome, which is not kept. */
  synchronized Outcome orElse(Syntax syntax, Outcome outcome) {
    Outcome known = get(syntax);
    return known == null ? outcome : known;
  }

  /**
   * Keeps an outcome, but for a long syntax that is refused. Two may have compiled the same; the
   * first grammar stays.
   *
   * @return what holds for the syntax from now on
   */
  synchronized Outcome put(Syntax syntax, Outcome outcome) {
    Entry known = grammars.get(syntax);
    if (known != null) {
      return known.outcome;
    }
    switch (outcome) {
      case Outcome.Made made -> {
        refusals.remove(syntax);
        grammars.put(syntax, new Entry(made, 2 * characters(syntax)));
        trim();
      }
      case Outcome.Refused refused -> refuse(syntax, refused);
    }
    return outcome;
  }

  private void refuse(Syntax syntax, Outcome.Refused refused) {
    refusals.values().removeIf(other -> isOld(other, refused.at));
    if (characters(syntax) <= MOST_REFUSED_CHARACTERS) {
      refusals.putLast(syntax, refused);
      if (refusals.size() > MOST_REFUSALS) {
        refusals.pollFirstEntry();
      }
    }
  }

  private static boolean isOld(Outcome.Refused refused, long now) {
    return now - refused.at > REFUSAL_NANOS;
  }

  /** Forgets the grammars that were not asked for the longest. */
  private void trim() {
    long memory = grammars.values().stream().mapToLong(Entry::memory).sum();
    Iterator<Entry> eldest = grammars.values().iterator();
    while (grammars.size() > 1 && (memory > mostMemory || grammars.size() > MOST_GRAMMARS)) {
      memory -= eldest.next().memory();
      eldest.remove();
    }
  }

  /** A grammar and the memory that its syntax takes. */
  private record Entry(Outcome.Made outcome, long syntaxMemory) {
    long memory() {
      return syntaxMemory + outcome.grammar.memory();
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
    return grammars.size() + refusals.size();
  }
}
