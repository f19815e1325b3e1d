package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Methods of dictionaries and lists; what would change one is refused, as in Jinja's sandbox. */
final class CollectionMethods {
  private CollectionMethods() {}

  /** The attribute of that name, or null where Python's dict has none. */
  static @Nullable Value find(Dict dict, String name) {
    return switch (name) {
      case "items" ->
          (Function)
              (evaluator, arguments) -> {
                arguments.positional("items", 0, 0);
                return new Sequence(Kind.ITEMS, items(dict, evaluator.budget()));
              };
      case "keys" ->
          (Function)
              (evaluator, arguments) -> {
                arguments.positional("keys", 0, 0);
                return new Sequence(Kind.KEYS, Types.items(dict, evaluator.budget()));
              };
      case "values" ->
          (Function)
              (evaluator, arguments) -> {
                arguments.positional("values", 0, 0);
                evaluator.budget().makeItems(dict.size(), Budget.ITEM);
                List<Value> values = new ArrayList<>(dict.size());
                dict.entries().forEach(entry -> values.add(entry.value()));
                return new Sequence(Kind.VALUES, values);
              };
      case "get" ->
          (Function)
              (evaluator, arguments) -> {
                @Nullable Value[] a = arguments.positional("get", 1, 2);
                Value key = a[0];
                Value found = key == null ? null : dict.get(key, evaluator.budget());
                Value otherwise = a[1];
                return found != null ? found : otherwise != null ? otherwise : None.NONE;
              };
      case "copy" ->
          (Function)
              (evaluator, arguments) -> {
                arguments.positional("copy", 0, 0);
                evaluator.budget().walk(dict.size());
                var copy = new Dict();
                dict.entries().forEach(e -> copy.put(e.key(), e.value(), evaluator.budget()));
                return copy;
              };
      case "clear", "pop", "popitem", "setdefault", "update" -> unsafe(name, "dict");
      case "fromkeys" -> unsafe(name, "dict");
      default -> null;
    };
  }

  /** The pairs of a dictionary. */
  static List<Value> items(Dict dict, Budget budget) {
    budget.makeItems(dict.size(), Budget.ITEM + Budget.LIST);
    List<Value> items = new ArrayList<>(dict.size());
    dict.entries().forEach(entry -> items.add(Sequence.tuple(entry.key(), entry.value())));
    return items;
  }

  /** The attribute of that name, or null where Python's list has none. */
  static @Nullable Value find(Sequence sequence, String name) {
    if (!sequence.kind().indexed()) {
      return null;
    }
    return switch (name) {
      case "index" ->
          (Function)
              (evaluator, arguments) -> {
                @Nullable Value[] a = arguments.positional("index", 1, 1);
                for (int i = 0; i < sequence.items().size(); i++) {
                  if (a[0] != null
                      && Comparing.equal(sequence.items().get(i), a[0], evaluator.budget())) {
                    return Int.of(i);
                  }
                }
                throw new Failure("'index' does not find the item");
              };
      case "count" ->
          (Function)
              (evaluator, arguments) -> {
                @Nullable Value[] a = arguments.positional("count", 1, 1);
                long count = 0;
                for (Value item : sequence.items()) {
                  if (a[0] != null && Comparing.equal(item, a[0], evaluator.budget())) {
                    count++;
                  }
                }
                return Int.of(count);
              };
      case "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove" ->
          sequence.kind() == Kind.LIST ? unsafe(name, "list") : null;
      case "copy" -> sequence.kind() == Kind.LIST ? copy(sequence) : null;
      default -> null;
    };
  }

  private static Function copy(Sequence sequence) {
    return (evaluator, arguments) -> {
      arguments.positional("copy", 0, 0);
      return sequence;
    };
  }

  private static Value unsafe(String name, String type) {
    return new Undefined(
        "'%s' of '%s' is not allowed: a template cannot change its values".formatted(name, type));
  }
}
