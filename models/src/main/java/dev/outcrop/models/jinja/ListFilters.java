package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.BinaryOperator;
import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Filters that work on the items of anything that can be iterated. */
final class ListFilters {
  private ListFilters() {}

  static Value join(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("join", 0, "d", "attribute");
    Budget budget = evaluator.budget();
    Text separator = a[0] == null ? Text.EMPTY : Printing.str(a[0], budget);
    UnaryOperator<Value> attribute = SelectFilters.attribute(a[1], null, evaluator);
    var joined = new TextBuilder(budget);
    boolean more = false;
    for (Value item : Types.items(input, budget)) {
      if (more) {
        joined.append(separator);
      }
      joined.append(Printing.str(attribute.apply(item), budget));
      more = true;
    }
    return new Str(joined.build());
  }

  static Value first(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("first", 0);
    if (input instanceof Str string && !string.text().isEmpty()) {
      return Access.item(input, Int.of(0), evaluator.budget());
    }
    List<Value> items = Types.items(input, evaluator.budget());
    return items.isEmpty() ? new Undefined("No first item, sequence was empty.") : items.getFirst();
  }

  static Value last(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("last", 0);
    if (input instanceof Str string && !string.text().isEmpty()) {
      return Access.item(input, Int.of(-1), evaluator.budget());
    }
    if (input instanceof Generator) {
      throw new Failure("a generator cannot be reversed; use the filter 'list'");
    }
    List<Value> items = Types.items(input, evaluator.budget());
    return items.isEmpty() ? new Undefined("No last item, sequence was empty.") : items.getLast();
  }

  static Value list(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("list", 0);
    return Sequence.list(Types.items(input, evaluator.budget()));
  }

  static Value reverse(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("reverse", 0);
    if (input instanceof Str) {
      return Access.slice(input, null, null, Int.of(-1), evaluator.budget());
    }
    List<Value> items = Types.copy(input, evaluator.budget());
    Collections.reverse(items);
    return input instanceof Generator ? Sequence.list(items) : new Generator(items);
  }

  static Value sort(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    boolean fold = !Types.truth(a[1], false);
    UnaryOperator<Value> key = SelectFilters.attributes(a[2], fold, evaluator);
    List<Value> items = Types.copy(input, evaluator.budget());
    sort(items, key, Types.truth(a[0], false), evaluator);
    return Sequence.list(items);
  }

  /** Sorts in place as Python does: stable, also in reverse. */
  static void sort(
      List<Value> items, UnaryOperator<Value> key, boolean reverse, Evaluator evaluator) {
    record Keyed(Value key, Value item) {}
    evaluator.budget().makeItems(items.size(), 3 * Budget.ITEM + Budget.LIST);
    List<Keyed> keyed = new ArrayList<>(items.size());
    items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
    keyed.sort(
        (x, y) -> {
          int order = Comparing.compare(x.key(), y.key(), evaluator.budget());
          return reverse ? -order : order;
        });
    for (int i = 0; i < items.size(); i++) {
      items.set(i, keyed.get(i).item());
    }
  }

  /** A key without regard to case, where that is wanted. */
  static Value folded(Value value, boolean fold, Evaluator evaluator) {
    return fold && value instanceof Str string
        ? new Str(Strings.lower(string.text(), evaluator.budget()))
        : value;
  }

  static Value unique(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("unique", 0, "case_sensitive", "attribute");
    boolean fold = !Types.truth(a[0], false);
    UnaryOperator<Value> attribute = SelectFilters.attribute(a[1], null, evaluator);
    Set<Object> seen = new HashSet<>();
    List<Value> kept = new ArrayList<>();
    for (Value item : Types.items(input, evaluator.budget())) {
      Value key = folded(attribute.apply(item), fold, evaluator);
      evaluator.budget().spendLookup(key, seen.size());
      evaluator.budget().allocate(Budget.ENTRY);
      if (seen.add(Comparing.hashKey(key, evaluator.budget()))) {
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  static Value extreme(String name, Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind(name, 0, "case_sensitive", "attribute");
    boolean fold = !Types.truth(a[0], false);
    UnaryOperator<Value> attribute = SelectFilters.attribute(a[1], null, evaluator);
    boolean least = name.equals("min");
    Value best = null;
    Value bestKey = null;
    for (Value item : Types.items(input, evaluator.budget())) {
      Value key = folded(attribute.apply(item), fold, evaluator);
      if (bestKey == null || Comparing.ordered(key, bestKey, least, false, evaluator.budget())) {
        best = item;
        bestKey = key;
      }
    }
    return best == null ? new Undefined("No aggregated item, sequence was empty.") : best;
  }

  static Value sum(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("sum", 0, "attribute", "start");
    UnaryOperator<Value> attribute = SelectFilters.attribute(a[0], null, evaluator);
    Value sum = a[1] == null ? Int.of(0) : a[1];
    if (sum instanceof Str) {
      throw new Failure("'sum' cannot add strings");
    }
    for (Value item : Types.items(input, evaluator.budget())) {
      sum = Operators.apply(BinaryOperator.ADD, sum, attribute.apply(item), evaluator);
    }
    return sum;
  }

  static Value batch(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("batch", 1, "linecount", "fill_with");
    int size = Types.integer(a[0], "linecount", 1);
    evaluator.budget().makeItems(size, Budget.ITEM);
    List<Value> items = Types.items(input, evaluator.budget());
    evaluator.budget().makeItems(items.size(), Budget.ITEM);
    List<Value> batches = new ArrayList<>();
    List<Value> batch = new ArrayList<>();
    for (Value item : items) {
      if (batch.size() == size) {
        evaluator.budget().allocate(Budget.LIST);
        batches.add(Sequence.list(batch));
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      while (a[1] != null && a[1] != None.NONE && batch.size() < size) {
        batch.add(a[1]);
      }
      batches.add(Sequence.list(batch));
    }
    return new Generator(batches);
  }

  static Value slice(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("slice", 1, "slices", "fill_with");
    int slices = Types.integer(a[0], "slices", 1);
    List<Value> items = Types.items(input, evaluator.budget());
    if (slices == 0) {
      throw new Failure("division by zero");
    }
    evaluator.budget().makeItems(slices, 2 * Budget.ITEM + Budget.LIST);
    evaluator.budget().makeItems(items.size(), Budget.ITEM);
    int even = Math.floorDiv(items.size(), slices);
    int extra = Math.floorMod(items.size(), slices);
    List<Value> made = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < slices; i++) {
      int to = from + even + (i < extra ? 1 : 0);
      List<Value> slice = new ArrayList<>(items.subList(from, to));
      if (a[1] != null && a[1] != None.NONE && i >= extra) {
        slice.add(a[1]);
      }
      made.add(Sequence.list(slice));
      from = to;
    }
    return new Generator(made);
  }
}
