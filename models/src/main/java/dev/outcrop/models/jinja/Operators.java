package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.BinaryOperator;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's operators between two values, for numbers, strings and sequences. */
final class Operators {
  private Operators() {}

  /** Applies an operator to two values. */
  static Value apply(BinaryOperator operator, Value left, Value right, Evaluator evaluator) {
    Budget budget = evaluator.budget();
    if (Comparing.isNumber(left) && Comparing.isNumber(right)) {
      return budget.made(Numbers.apply(operator, left, right, budget));
    }
    if (operator == BinaryOperator.ADD && left instanceof Str a && right instanceof Str b) {
      return Markup.add(a, b, budget);
    }
    if (operator == BinaryOperator.ADD
        && left instanceof Sequence a
        && right instanceof Sequence b
        && a.kind() == b.kind()
        && (a.kind() == Kind.LIST || a.kind() == Kind.TUPLE)) {
      int size = Math.addExact(a.items().size(), b.items().size());
      budget.makeItems(size, Budget.ITEM);
      List<Value> items = new ArrayList<>(size);
      items.addAll(a.items());
      items.addAll(b.items());
      return new Sequence(a.kind(), items);
    }
    if (operator == BinaryOperator.MULTIPLY) {
      BigInteger times = Types.index(right);
      if (times != null) {
        return repeat(left, times, budget);
      }
      times = Types.index(left);
      if (times != null) {
        return repeat(right, times, budget);
      }
    }
    if (operator == BinaryOperator.MODULO && left instanceof Str format) {
      return Formatting.printf(format, right, evaluator);
    }
    throw Types.wrong(
        left instanceof Undefined ? left : right,
        "'%s' does not work on '%s' and '%s'"
            .formatted(operator.symbol(), Types.name(left), Types.name(right)));
  }

  private static Value repeat(Value value, BigInteger times, Budget budget) {
    int count = Math.max(0, Types.clamp(times));
    if (value instanceof Str string) {
      budget.checkCharacters((long) string.text().length() * count);
      var text = new TextBuilder(budget);
      for (int i = 0; i < count && !string.text().isEmpty(); i++) {
        text.append(string.text());
      }
      return new Str(text.build(), string.markup());
    }
    if (value instanceof Sequence sequence
        && (sequence.kind() == Kind.LIST || sequence.kind() == Kind.TUPLE)) {
      long size = (long) sequence.items().size() * count;
      budget.makeItems(size, Budget.ITEM);
      List<Value> items = new ArrayList<>((int) size);
      for (int i = 0; i < count && !sequence.items().isEmpty(); i++) {
        items.addAll(sequence.items());
      }
      return new Sequence(sequence.kind(), Collections.unmodifiableList(items));
    }
    throw Types.wrong(value, "'*' does not repeat a value of type '" + Types.name(value) + "'");
  }
}
