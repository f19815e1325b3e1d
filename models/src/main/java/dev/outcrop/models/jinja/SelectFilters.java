package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Filters that apply an attribute, another filter or a test to every item. */
final class SelectFilters {
  private SelectFilters() {}

  /** What reads an attribute path such as {@code function.name} or {@code 0}; identity for none. */
  static UnaryOperator<Value> attribute(
      @Nullable Value path, @Nullable Value absent, Evaluator evaluator) {
    if (path == null || path == None.NONE) {
      return UnaryOperator.identity();
    }
    List<Value> parts =
        path instanceof Str text ? parts(text.text(), evaluator.budget()) : List.of(path);
    return item -> {
      Value value = item;
      for (Value part : parts) {
        value = Access.item(value, part, evaluator.budget());
        if (absent != null && absent != None.NONE && value instanceof Undefined) {
          value = absent;
        }
      }
      return value;
    };
  }

  private static List<Value> parts(Text path, Budget budget) {
    budget.spendCharacters(path.length());
    List<Value> parts = new ArrayList<>();
    for (Text part : Strings.split(path, Text.trusted("."), -1, budget)) {
      boolean digits = !part.isEmpty() && part.chars().chars().allMatch(c -> c >= '0' && c <= '9');
      parts.add(
          digits ? budget.made(new Int(Numbers.read(part.chars(), 10, 0), true)) : new Str(part));
    }
    return parts;
  }

  /**
   * A sort key of one or several attributes with commas between them. Always a list, as in Python:
   * lists of equal values have an order even where the values have none.
   */
  static UnaryOperator<Value> attributes(@Nullable Value paths, boolean fold, Evaluator evaluator) {
    Budget budget = evaluator.budget();
    List<UnaryOperator<Value>> all = new ArrayList<>();
    if (paths instanceof Str text) {
      budget.spendCharacters(text.text().length());
      for (Text path : Strings.split(text.text(), Text.trusted(","), -1, budget)) {
        all.add(attribute(new Str(path), null, evaluator));
      }
    } else {
      all.add(attribute(paths, null, evaluator));
    }
    return item -> {
      budget.makeItems(all.size(), Budget.ITEM);
      List<Value> keys = new ArrayList<>(all.size());
      all.forEach(each -> keys.add(ListFilters.folded(each.apply(item), fold, evaluator)));
      return Sequence.list(keys);
    };
  }

  static Value map(Value input, Arguments arguments, Evaluator evaluator) {
    if (!Types.truth(input)) {
      return new Generator(List.of());
    }
    UnaryOperator<Value> change;
    if (arguments.positional().isEmpty() && arguments.named().get("attribute") != null) {
      @Nullable Value[] a = arguments.bind("map", 0, "attribute", "default");
      change = attribute(a[0], a[1], evaluator);
    } else {
      if (arguments.positional().isEmpty()) {
        throw new Failure("'map' needs the name of a filter or an attribute");
      }
      String name = Types.string(arguments.positional().getFirst(), "a filter's name").chars();
      Arguments rest = arguments.skip(1);
      change = item -> evaluator.expressions().filter(name, item, rest);
    }
    List<Value> items = Types.items(input, evaluator.budget());
    evaluator.budget().makeItems(items.size(), Budget.ITEM);
    List<Value> changed = new ArrayList<>(items.size());
    for (Value item : items) {
      changed.add(change.apply(item));
    }
    return new Generator(changed);
  }

  static Value select(String filter, Value input, Arguments arguments, Evaluator evaluator) {
    if (!Types.truth(input)) {
      return new Generator(List.of());
    }
    boolean wanted = filter.startsWith("select");
    Arguments rest = arguments;
    UnaryOperator<Value> attribute = UnaryOperator.identity();
    if (filter.endsWith("attr")) {
      if (arguments.positional().isEmpty()) {
        throw new Failure("'" + filter + "' needs the name of an attribute");
      }
      attribute = attribute(arguments.positional().getFirst(), null, evaluator);
      rest = arguments.skip(1);
    }
    Predicate<Value> test = Types::truth;
    if (!rest.positional().isEmpty()) {
      String name = Types.string(rest.positional().getFirst(), "a test's name").chars();
      Arguments ofTest = rest.skip(1);
      test = item -> evaluator.expressions().check(name, item, ofTest);
    }
    List<Value> items = Types.items(input, evaluator.budget());
    evaluator.budget().makeItems(items.size(), Budget.ITEM);
    List<Value> kept = new ArrayList<>();
    for (Value item : items) {
      if (test.test(attribute.apply(item)) == wanted) {
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  /** Pairs of a key and the items that have it, in the order of the keys. */
  static Value groupBy(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    boolean fold = !Types.truth(a[2], false);
    UnaryOperator<Value> plain = attribute(a[0], a[1], evaluator);
    UnaryOperator<Value> key = item -> ListFilters.folded(plain.apply(item), fold, evaluator);
    List<Value> items = Types.copy(input, evaluator.budget());
    ListFilters.sort(items, key, false, evaluator);
    List<Value> groups = new ArrayList<>();
    List<Value> group = new ArrayList<>();
    Value groupKey = null;
    for (Value item : items) {
      Value itemKey = key.apply(item);
      if (groupKey == null || !Comparing.equal(groupKey, itemKey, evaluator.budget())) {
        evaluator.budget().allocate(4 * Budget.LIST);
        group = new ArrayList<>();
        groups.add(Sequence.tuple(plain.apply(item), Sequence.list(group)));
        groupKey = itemKey;
      }
      group.add(item);
    }
    return Sequence.list(groups);
  }
}
