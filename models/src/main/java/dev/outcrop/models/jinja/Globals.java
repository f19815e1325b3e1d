package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.Namespace;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template can call. */
final class Globals {
  private static final int MAX_RANGE = 100_000;
  private static final int MAX_TIME_FORMAT = 1000;

  static final Map<String, Function> ALL =
      Map.of(
          "range", Globals::range,
          "namespace", Globals::namespace,
          "dict", Globals::dict,
          "cycler", Globals::cycler,
          "joiner", Globals::joiner,
          "raise_exception", Globals::raise,
          "strftime_now", Globals::strftimeNow);

  private Globals() {}

  private static Value range(Evaluator evaluator, Arguments arguments) {
    @Nullable Value[] a = arguments.positional("range", 1, 3);
    int first = Types.integer(a[0], "a bound of 'range'", 0);
    long start = a[1] == null ? 0 : first;
    long stop = Types.integer(a[1], "a bound of 'range'", first);
    long step = Types.integer(a[2], "the step of 'range'", 1);
    if (step == 0) {
      throw new Failure("the step of 'range' cannot be zero");
    }
    long length = Math.max(0, Math.ceilDiv(stop - start, step));
    if (length > MAX_RANGE) {
      throw new Failure("'range' makes at most " + MAX_RANGE + " numbers");
    }
    evaluator.budget().makeItems(length, Budget.ITEM + Budget.NUMBER);
    List<Value> items = new ArrayList<>((int) length);
    for (long i = 0; i < length; i++) {
      items.add(Int.of(start + i * step));
    }
    return new Sequence(Kind.RANGE, items);
  }

  private static Value namespace(Evaluator evaluator, Arguments arguments) {
    var namespace = new Namespace();
    fill(namespace.attributes, evaluator, arguments, "namespace");
    return namespace;
  }

  private static Value dict(Evaluator evaluator, Arguments arguments) {
    var dict = new Dict();
    fill(dict, evaluator, arguments, "dict");
    return dict;
  }

  private static void fill(Dict dict, Evaluator evaluator, Arguments arguments, String name) {
    Budget budget = evaluator.budget();
    budget.allocate(Budget.ENTRY);
    if (arguments.positional().size() > 1) {
      throw new Failure("'" + name + "' takes at most one positional argument");
    }
    for (Value source : arguments.positional()) {
      if (source instanceof Dict other) {
        other.entries().forEach(entry -> dict.put(entry.key(), entry.value(), budget));
        continue;
      }
      for (Value pair : Types.items(source, budget)) {
        List<Value> items = Types.items(pair, budget);
        if (items.size() != 2) {
          throw new Failure("'" + name + "' needs pairs");
        }
        dict.put(items.get(0), items.get(1), budget);
      }
    }
    arguments.named().entries().forEach(entry -> dict.put(entry.key(), entry.value(), budget));
  }

  private static Value cycler(Evaluator evaluator, Arguments arguments) {
    List<Value> items = arguments.positional();
    if (items.isEmpty()) {
      throw new Failure("'cycler' needs at least one item");
    }
    var cycler = new Namespace();
    int[] at = {0};
    Text current = Text.trusted("current");
    cycler.attributes.put(current, items.getFirst());
    cycler.attributes.put(
        Text.trusted("next"),
        (Function)
            (e, a) -> {
              Value item = items.get(at[0]);
              at[0] = (at[0] + 1) % items.size();
              cycler.attributes.put(current, items.get(at[0]));
              return item;
            });
    cycler.attributes.put(
        Text.trusted("reset"),
        (Function)
            (e, a) -> {
              at[0] = 0;
              cycler.attributes.put(current, items.getFirst());
              return Value.None.NONE;
            });
    return cycler;
  }

  private static Value joiner(Evaluator evaluator, Arguments arguments) {
    @Nullable Value[] a = arguments.bind("joiner", 0, "sep");
    Value separator = a[0] == null ? Str.trusted(", ") : a[0];
    boolean[] used = {false};
    return (Function)
        (e, b) -> {
          Value text = used[0] ? separator : Str.trusted("");
          used[0] = true;
          return text;
        };
  }

  private static Value raise(Evaluator evaluator, Arguments arguments) {
    @Nullable Value[] a = arguments.bind("raise_exception", 1, "message");
    Value message = a[0];
    Text text = message == null ? Text.EMPTY : Printing.str(message, evaluator.budget());
    throw new Failure("the template refuses the conversation: " + text.withoutUserText());
  }

  private static Value strftimeNow(Evaluator evaluator, Arguments arguments) {
    @Nullable Value[] a = arguments.bind("strftime_now", 1, "format");
    Text format = a[0] == null ? Text.EMPTY : Types.string(a[0], "the format of 'strftime_now'");
    if (format.length() > MAX_TIME_FORMAT) {
      throw new Failure("the format of 'strftime_now' is too long");
    }
    evaluator.budget().spend(8L * format.length());
    String now = Strftime.format(format.chars(), evaluator.clock());
    return new Str(Text.of(now, format.allTrusted()));
  }
}
