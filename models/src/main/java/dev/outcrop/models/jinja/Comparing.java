package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.Namespace;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Python's equality, order, containment and dictionary keys. */
final class Comparing {
  private enum Special {
    NONE,
    UNDEFINED
  }

  private Comparing() {}

  // Generators, namespaces and functions are equal to themselves alone, as Python objects are.
  @SuppressWarnings("ReferenceEquality")
  static boolean equal(Value left, Value right, Budget budget) {
    budget.enter();
    try {
      return switch (left) {
        case Undefined u -> right instanceof Undefined;
        case None n -> right == None.NONE;
        case Bool b -> equalNumbers(left, right, budget);
        case Int i -> equalNumbers(left, right, budget);
        case Real r -> equalNumbers(left, right, budget);
        case Str s -> right instanceof Str other && sameChars(s, other, budget);
        case Sequence s ->
            right instanceof Sequence other
                && s.kind() == other.kind()
                && equalItems(s.items(), other.items(), budget);
        case Dict d -> right instanceof Dict other && equalDicts(d, other, budget);
        case Generator g -> left == right;
        case Namespace n -> left == right;
        case Function f -> left == right;
        case Loop l -> left == right;
      };
    } finally {
      budget.leave();
    }
  }

  private static boolean sameChars(Str left, Str right, Budget budget) {
    budget.spendCharacters(Math.min(left.text().length(), right.text().length()));
    return left.chars().equals(right.chars());
  }

  private static boolean equalItems(List<Value> left, List<Value> right, Budget budget) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!equal(left.get(i), right.get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equalDicts(Dict left, Dict right, Budget budget) {
    if (left.size() != right.size()) {
      return false;
    }
    for (Dict.Entry entry : left.entries()) {
      Value other = right.get(entry.key(), budget);
      if (other == null || !equal(entry.value(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  static boolean isNumber(Value value) {
    return value instanceof Int || value instanceof Real || value instanceof Bool;
  }

  private static boolean isNan(Value value) {
    return value instanceof Real real && Double.isNaN(real.value());
  }

  private static boolean equalNumbers(Value left, Value right, Budget budget) {
    return isNumber(right)
        && !isNan(left)
        && !isNan(right)
        && compareNumbers(left, right, budget) == 0;
  }

  /** A total order, as sorting needs one: what is not a number stands last. */
  private static int compareNumbers(Value left, Value right, Budget budget) {
    BigInteger a = Types.index(left);
    BigInteger b = Types.index(right);
    if (a != null && b != null) {
      return a.compareTo(b);
    }
    if (a != null) {
      return compareExactly(a, Numbers.toDouble(right), budget);
    }
    if (b != null) {
      return -compareExactly(b, Numbers.toDouble(left), budget);
    }
    double x = Numbers.toDouble(left);
    double y = Numbers.toDouble(right);
    return x == y ? 0 : Double.compare(x, y);
  }

  private static int compareExactly(BigInteger whole, double real, Budget budget) {
    if (!Double.isFinite(real)) {
      return real == Double.NEGATIVE_INFINITY ? 1 : -1;
    }
    budget.spend(16);
    return new BigDecimal(whole).compareTo(new BigDecimal(real));
  }

  /** Whether left stands before right, or equal where that is allowed. */
  static boolean ordered(
      Value left, Value right, boolean ascending, boolean orEqual, Budget budget) {
    if (isNan(left) || isNan(right)) {
      return false;
    }
    int order = compare(left, right, budget);
    return order == 0 ? orEqual : (order < 0) == ascending;
  }

  /** Python's order; fails for types that have none. */
  static int compare(Value left, Value right, Budget budget) {
    budget.enter();
    try {
      if (isNumber(left) && isNumber(right)) {
        return compareNumbers(left, right, budget);
      }
      if (left instanceof Str a && right instanceof Str b) {
        budget.spendCharacters(Math.min(a.text().length(), b.text().length()));
        return compareCodePoints(a.chars(), b.chars());
      }
      if (left instanceof Sequence a
          && right instanceof Sequence b
          && a.kind() == b.kind()
          && (a.kind() == Kind.LIST || a.kind() == Kind.TUPLE)) {
        for (int i = 0; i < Math.min(a.items().size(), b.items().size()); i++) {
          if (!equal(a.items().get(i), b.items().get(i), budget)) {
            return compare(a.items().get(i), b.items().get(i), budget);
          }
        }
        return Integer.compare(a.items().size(), b.items().size());
      }
      throw Types.wrong(
          left instanceof Undefined ? left : right,
          "values of types '%s' and '%s' have no order"
              .formatted(Types.name(left), Types.name(right)));
    } finally {
      budget.leave();
    }
  }

  private static int compareCodePoints(String left, String right) {
    int length = Math.min(left.length(), right.length());
    for (int i = 0; i < length; i++) {
      char a = left.charAt(i);
      char b = right.charAt(i);
      if (a != b) {
        boolean mixed = Character.isSurrogate(a) != Character.isSurrogate(b);
        return mixed ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
      }
    }
    return Integer.compare(left.length(), right.length());
  }

  /** Whether {@code item in container}. */
  static boolean contains(Value container, Value item, Budget budget) {
    return switch (container) {
      case Str s -> {
        if (!(item instanceof Str part)) {
          throw new Failure("only a string can be in a string, not '" + Types.name(item) + "'");
        }
        budget.spendSearch(s.text().length(), part.text().length());
        yield s.chars().contains(part.chars());
      }
      case Dict d -> d.get(item, budget) != null;
      case Sequence s -> containsItem(s.items(), item, budget);
      case Generator g -> containsItem(g.drain(), item, budget);
      case Undefined u -> false;
      case None n -> throw notContainer(container);
      case Bool b -> throw notContainer(container);
      case Int i -> throw notContainer(container);
      case Real r -> throw notContainer(container);
      case Namespace n -> throw notContainer(container);
      case Function f -> throw notContainer(container);
      case Loop l -> throw notContainer(container);
    };
  }

  private static boolean containsItem(List<Value> items, Value item, Budget budget) {
    for (Value each : items) {
      if (equal(each, item, budget)) {
        return true;
      }
    }
    return false;
  }

  private static Failure notContainer(Value container) {
    return new Failure("nothing can be in a value of type '" + Types.name(container) + "'");
  }

  /** An object that is equal for equal keys; fails for values that Python cannot hash. */
  static Object hashKey(Value key, Budget budget) {
    return switch (key) {
      case Str s -> {
        budget.spendCharacters(s.text().length());
        yield s.chars();
      }
      case Int i -> i.value();
      case Bool b -> b == Bool.TRUE ? BigInteger.ONE : BigInteger.ZERO;
      case Real r -> {
        budget.allocate(Budget.NUMBER);
        yield r.value() == Math.rint(r.value()) && !Double.isInfinite(r.value())
            ? new BigDecimal(r.value()).toBigInteger()
            : (Object) r.value();
      }
      case None n -> Special.NONE;
      case Undefined u -> Special.UNDEFINED;
      case Sequence s -> {
        if (s.kind() != Kind.TUPLE) {
          throw unhashable(key);
        }
        budget.enter();
        budget.makeItems(s.items().size(), Budget.ITEM);
        List<Object> keys = new ArrayList<>(s.items().size());
        s.items().forEach(item -> keys.add(hashKey(item, budget)));
        budget.leave();
        yield keys;
      }
      case Function f -> f;
      case Namespace n -> n;
      case Generator g -> g;
      case Loop l -> l;
      case Dict d -> throw unhashable(key);
    };
  }

  private static Failure unhashable(Value key) {
    return new Failure("a value of type '" + Types.name(key) + "' cannot be a key");
  }
}
