package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The tests, what stands after {@code is}, by name. */
final class Checks {
  /** A test. */
  interface Check {
    boolean test(Value input, Arguments arguments, Evaluator evaluator);
  }

  private interface Relation {
    boolean holds(Value left, Value right, Budget budget);
  }

  static final Map<String, Check> ALL = all();

  private Checks() {}

  private static Map<String, Check> all() {
    Map<String, Check> all = new HashMap<>();
    type(all, "defined", value -> !(value instanceof Undefined));
    type(all, "undefined", value -> value instanceof Undefined);
    type(all, "none", value -> value == None.NONE);
    type(all, "boolean", value -> value instanceof Bool);
    type(all, "true", value -> value == Bool.TRUE);
    type(all, "false", value -> value == Bool.FALSE);
    type(all, "integer", value -> value instanceof Int);
    type(all, "float", value -> value instanceof Real);
    type(all, "number", Comparing::isNumber);
    type(all, "string", value -> value instanceof Str);
    type(all, "mapping", value -> value instanceof Dict);
    type(all, "iterable", Types::iterable);
    type(all, "sequence", Checks::isSequence);
    type(
        all,
        "callable",
        value -> value instanceof Function || value instanceof Undefined || value instanceof Loop);
    type(all, "escaped", value -> value instanceof Str string && string.markup());
    type(all, "odd", value -> remainder(value, BigInteger.TWO).equals(BigInteger.ONE));
    type(all, "even", value -> remainder(value, BigInteger.TWO).signum() == 0);
    all.put("lower", (input, a, e) -> isCase(input, a, e, true));
    all.put("upper", (input, a, e) -> isCase(input, a, e, false));
    all.put(
        "filter",
        (input, a, e) -> input instanceof Str name && Filters.ALL.containsKey(name.chars()));
    all.put(
        "test", (input, a, e) -> input instanceof Str name && Checks.ALL.containsKey(name.chars()));
    relation(all, Checks::divisible, "divisibleby");
    relation(all, Checks::same, "sameas");
    relation(all, Comparing::equal, "eq", "equalto", "==");
    relation(all, (x, y, budget) -> !Comparing.equal(x, y, budget), "ne", "!=");
    relation(all, (x, y, b) -> Comparing.ordered(x, y, true, false, b), "lt", "lessthan", "<");
    relation(all, (x, y, b) -> Comparing.ordered(x, y, true, true, b), "le", "<=");
    relation(all, (x, y, b) -> Comparing.ordered(x, y, false, false, b), "gt", "greaterthan", ">");
    relation(all, (x, y, b) -> Comparing.ordered(x, y, false, true, b), "ge", ">=");
    relation(all, (x, y, budget) -> Comparing.contains(y, x, budget), "in");
    return Map.copyOf(all);
  }

  private static void type(Map<String, Check> all, String name, Predicate<Value> predicate) {
    all.put(
        name,
        (input, arguments, evaluator) -> {
          arguments.positional(name, 0, 0);
          return predicate.test(input);
        });
  }

  private static void relation(Map<String, Check> all, Relation relation, String... names) {
    for (String name : names) {
      all.put(
          name,
          (input, arguments, evaluator) -> {
            @Nullable Value[] a = arguments.positional(name, 1, 1);
            return a[0] != null && relation.holds(input, a[0], evaluator.budget());
          });
    }
  }

  private static boolean isSequence(Value value) {
    return value instanceof Str
        || value instanceof Dict
        || value instanceof Undefined
        || (value instanceof Sequence sequence && sequence.kind().indexed());
  }

  private static BigInteger remainder(Value value, BigInteger divisor) {
    BigInteger whole = Types.index(value);
    if (value instanceof Real real && real.value() == Math.rint(real.value())) {
      whole = BigInteger.valueOf((long) real.value());
    } else if (value instanceof Real) {
      return BigInteger.valueOf(-1);
    }
    if (whole == null) {
      throw Types.wrong(value, "a number is needed, not '" + Types.name(value) + "'");
    }
    if (divisor.signum() == 0) {
      throw new Failure("division by zero");
    }
    return whole.mod(divisor.abs());
  }

  private static boolean divisible(Value value, Value divisor, Budget budget) {
    BigInteger whole = Types.index(divisor);
    if (whole == null) {
      throw Types.wrong(divisor, "a number is needed, not '" + Types.name(divisor) + "'");
    }
    BigInteger divided = Types.index(value);
    budget.spend(((divided == null ? 0L : divided.bitLength()) + whole.bitLength()) >> 7);
    return remainder(value, whole).signum() == 0;
  }

  // Python's 'is': the very same object, except where Python shares equal ones.
  @SuppressWarnings("ReferenceEquality")
  private static boolean same(Value left, Value right, Budget budget) {
    if (left instanceof Int || left instanceof Str) {
      return left.getClass() == right.getClass() && Comparing.equal(left, right, budget);
    }
    return left == right;
  }

  private static boolean isCase(
      Value input, Arguments arguments, Evaluator evaluator, boolean lower) {
    arguments.positional(lower ? "lower" : "upper", 0, 0);
    Text text = Printing.str(input, evaluator.budget());
    evaluator.budget().spendCharacters(text.length());
    return Strings.isCase(text.chars(), lower);
  }
}
