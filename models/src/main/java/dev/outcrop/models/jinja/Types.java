package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.Namespace;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Python asks of any value: its type's name, truth, length, items, and index. */
final class Types {
  private Types() {}

  /** The type's name in Python, for messages. */
  static String name(Value value) {
    return switch (value) {
      case Undefined u -> "Undefined";
      case None n -> "NoneType";
      case Bool b -> "bool";
      case Int i -> "int";
      case Real r -> "float";
      case Str s -> "str";
      case Sequence s -> s.kind().python();
      case Dict d -> "dict";
      case Generator g -> "generator";
      case Namespace n -> "Namespace";
      case Function f -> "function";
      case Loop l -> "LoopContext";
    };
  }

  static Failure undefined(Undefined value) {
    return new Failure(value.message());
  }

  /** A failure about a type, or about what is missing where the value is undefined. */
  static Failure wrong(Value value, String message) {
    return value instanceof Undefined missing ? undefined(missing) : new Failure(message);
  }

  static boolean truth(Value value) {
    return switch (value) {
      case Undefined u -> false;
      case None n -> false;
      case Bool b -> b == Bool.TRUE;
      case Int i -> i.value().signum() != 0;
      case Real r -> r.value() != 0;
      case Str s -> !s.text().isEmpty();
      case Sequence s -> !s.items().isEmpty();
      case Dict d -> d.size() > 0;
      case Generator g -> true;
      case Namespace n -> true;
      case Function f -> true;
      case Loop l -> !l.items.isEmpty();
    };
  }

  static long length(Value value) {
    return switch (value) {
      case Undefined u -> 0;
      case Str s -> s.text().codePoints();
      case Sequence s -> s.items().size();
      case Dict d -> d.size();
      case Loop l -> l.items.size();
      case None n -> throw noLength(value);
      case Bool b -> throw noLength(value);
      case Int i -> throw noLength(value);
      case Real r -> throw noLength(value);
      case Generator g -> throw noLength(value);
      case Namespace n -> throw noLength(value);
      case Function f -> throw noLength(value);
    };
  }

  private static Failure noLength(Value value) {
    return new Failure("a value of type '" + name(value) + "' has no length");
  }

  static boolean iterable(Value value) {
    return switch (value) {
      case Undefined u -> true;
      case Str s -> true;
      case Sequence s -> true;
      case Dict d -> true;
      case Generator g -> true;
      case Loop l -> true;
      case None n -> false;
      case Bool b -> false;
      case Int i -> false;
      case Real r -> false;
      case Namespace n -> false;
      case Function f -> false;
    };
  }

  /** The items that a loop over the value sees. */
  static List<Value> items(Value value, Budget budget) {
    return switch (value) {
      case Undefined u -> List.of();
      case Str s -> characters(s.text(), budget);
      case Sequence s -> walked(s.items(), budget);
      case Dict d -> {
        budget.makeItems(d.size(), Budget.ITEM);
        yield d.keys();
      }
      case Generator g -> walked(g.drain(), budget);
      case Loop l -> throw notIterable(value);
      case None n -> throw notIterable(value);
      case Bool b -> throw notIterable(value);
      case Int i -> throw notIterable(value);
      case Real r -> throw notIterable(value);
      case Namespace n -> throw notIterable(value);
      case Function f -> throw notIterable(value);
    };
  }

  private static List<Value> walked(List<Value> items, Budget budget) {
    budget.walk(items.size());
    return items;
  }

  /** The items that a loop over the value sees, in a list of one's own. */
  static List<Value> copy(Value value, Budget budget) {
    List<Value> items = items(value, budget);
    budget.makeItems(items.size(), Budget.ITEM);
    return new ArrayList<>(items);
  }

  private static Failure notIterable(Value value) {
    return new Failure("a value of type '" + name(value) + "' cannot be iterated");
  }

  private static List<Value> characters(Text text, Budget budget) {
    budget.makeItems(text.codePoints(), Budget.ITEM);
    List<Value> characters = new ArrayList<>(text.codePoints());
    for (int at = 0; at < text.length(); ) {
      int next = at + Character.charCount(text.chars().codePointAt(at));
      characters.add(new Str(text.slice(at, next, budget)));
      at = next;
    }
    return characters;
  }

  /** The value as an int where Python takes one as an index, else null. */
  static @Nullable BigInteger index(Value value) {
    return switch (value) {
      case Int i -> i.value();
      case Bool b -> b == Bool.TRUE ? BigInteger.ONE : BigInteger.ZERO;
      case Undefined u -> null;
      case None n -> null;
      case Real r -> null;
      case Str s -> null;
      case Sequence s -> null;
      case Dict d -> null;
      case Generator g -> null;
      case Namespace n -> null;
      case Function f -> null;
      case Loop l -> null;
    };
  }

  /** A parameter that has to be a whole number, cut to the range of int. */
  static int integer(Value value, String what) {
    BigInteger index = index(value);
    if (index == null) {
      throw wrong(value, what + " has to be an integer, not '" + name(value) + "'");
    }
    return clamp(index);
  }

  static int integer(@Nullable Value value, String what, int absent) {
    return value == null ? absent : integer(value, what);
  }

  static int clamp(BigInteger value) {
    if (value.bitLength() < 32) {
      return value.intValue();
    }
    return value.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
  }

  static Text string(Value value, String what) {
    if (value instanceof Str string) {
      return string.text();
    }
    throw wrong(value, what + " has to be a string, not '" + name(value) + "'");
  }

  static boolean truth(@Nullable Value value, boolean absent) {
    return value == null ? absent : truth(value);
  }
}
