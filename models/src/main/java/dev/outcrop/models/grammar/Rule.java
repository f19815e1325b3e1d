package dev.outcrop.models.grammar;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node of a grammar. Two are equal only if they are the same object. Made by one thread; not
 * changed once the grammar is complete.
 */
abstract sealed class Rule {
  /** More levels of nesting than any grammar may need: the rule has no text. */
  static final int NEVER = 1_000_000;

  /** The fewest levels of nesting that a text of the rule has. */
  private int depth = NEVER;

  /** The fewest levels of nesting that a text of the rule has, or {@link #NEVER}. */
  final int depth() {
    return depth;
  }

  /** Takes over what follows from the parts; false where that is known already. */
  final boolean settle() {
    int now = Math.min(NEVER, least());
    boolean changed = now != depth;
    depth = now;
    return changed;
  }

  abstract int least();

  /**
   * With how many wide automata its texts may begin, about: each of them costs a walk over the
   * vocabulary.
   */
  abstract int starts();

  /** The bytes of an automaton; of a JSON string as many characters as these. */
  static final class Lexeme extends Rule {
    final Dfa dfa;
    final int least;
    final int most;

    Lexeme(Dfa dfa, int least, int most) {
      this.dfa = dfa;
      this.least = least;
      this.most = most;
      settle();
    }

    @Override
    int starts() {
      return !Lexemes.has(dfa) && dfa.isWide() ? 1 : 0;
    }

    @Override
    int least() {
      return dfa.isEmpty() || least > most ? NEVER : 0;
    }
  }

  /** A control token. */
  static final class Control extends Rule {
    final int token;

    Control(int token) {
      this.token = token;
      settle();
    }

    @Override
    int starts() {
      return 0;
    }

    @Override
    int least() {
      return 0;
    }
  }

  /** One after the other. */
  static final class Cat extends Rule {
    final Rule[] parts;

    Cat(List<? extends Rule> parts) {
      this.parts = parts.toArray(Rule[]::new);
      settle();
    }

    @Override
    int starts() {
      return parts.length == 0 ? 0 : parts[0].starts();
    }

    @Override
    int least() {
      int most = 0;
      for (Rule part : parts) {
        most = Math.max(most, part.depth());
      }
      return most;
    }
  }

  /** Any of these. */
  static final class Or extends Rule {
    final Rule[] choices;
    private final int starts;

    Or(List<? extends Rule> choices) {
      this.choices = choices.toArray(Rule[]::new);
      int sum = 0;
      for (Rule choice : choices) {
        sum = Math.min(NEVER, sum + choice.starts());
      }
      starts = sum;
      settle();
    }

    @Override
    int starts() {
      return starts;
    }

    @Override
    int least() {
      int least = NEVER;
      for (Rule choice : choices) {
        least = Math.min(least, choice.depth());
      }
      return least;
    }
  }

  /** One and the same again and again, each not empty. */
  static final class Repeat extends Rule {
    /** Without end. */
    static final int FOREVER = Integer.MAX_VALUE;

    final Rule inner;
    final int least;
    final int most;

    Repeat(Rule inner, int least, int most) {
      this.inner = inner;
      this.least = least;
      this.most = most;
      settle();
    }

    @Override
    int starts() {
      return inner.starts();
    }

    @Override
    int least() {
      return least > most ? NEVER : least == 0 ? 0 : inner.depth();
    }
  }

  /** One level of nesting. */
  static final class Nested extends Rule {
    final Rule inner;

    Nested(Rule inner) {
      this.inner = inner;
      settle();
    }

    @Override
    int starts() {
      return inner.starts();
    }

    @Override
    int least() {
      return 1 + inner.depth();
    }
  }

  /** A rule that is made later, so that rules may come back to themselves. */
  static final class Later extends Rule {
    private @Nullable Rule target;

    void set(Rule rule) {
      target = rule;
      settle();
    }

    Rule target() {
      if (target == null) {
        throw new IllegalStateException("a rule was left open");
      }
      return target;
    }

    @Override
    int starts() {
      return target == null ? 0 : target.starts();
    }

    @Override
    int least() {
      return target == null ? NEVER : target.depth();
    }
  }
}
