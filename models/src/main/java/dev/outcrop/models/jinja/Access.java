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
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Attributes, subscripts and slices with the rules of Jinja's sandbox. */
final class Access {
  private Access() {}

  /** {@code target.name}: an attribute first, then an item. */
  static Value attribute(Value target, Text name, Budget budget) {
    if (target instanceof Undefined missing) {
      throw Types.undefined(missing);
    }
    Value attribute = ownAttribute(target, name.chars(), budget);
    if (attribute != null) {
      return attribute;
    }
    Value item = target instanceof Dict dict ? dict.get(name.chars()) : null;
    return item != null ? item : missing(target, name);
  }

  /** {@code target[key]}: an item first, then an attribute. */
  static Value item(Value target, Value key, Budget budget) {
    Value item =
        switch (target) {
          case Undefined missing -> throw Types.undefined(missing);
          case Dict d -> hashable(key, budget) ? d.get(key, budget) : null;
          case Sequence s -> s.kind().indexed() ? at(s.items(), key) : null;
          case Str s -> characterAt(s, key, budget);
          case None n -> null;
          case Bool b -> null;
          case Int i -> null;
          case Real r -> null;
          case Generator g -> null;
          case Namespace n -> null;
          case Function f -> null;
          case Loop l -> null;
        };
    if (item != null) {
      return item;
    }
    if (!(key instanceof Str name)) {
      return new Undefined("'" + Types.name(target) + "' has no such item");
    }
    budget.spendCharacters(name.text().length());
    Value attribute = ownAttribute(target, name.chars(), budget);
    return attribute != null ? attribute : missing(target, name.text());
  }

  private static boolean hashable(Value key, Budget budget) {
    return switch (key) {
      case Dict d -> false;
      case Sequence s -> {
        if (s.kind() != Kind.TUPLE) {
          yield false;
        }
        budget.enter();
        budget.walk(s.items().size());
        boolean all = s.items().stream().allMatch(item -> hashable(item, budget));
        budget.leave();
        yield all;
      }
      case Str s -> true;
      case None n -> true;
      case Bool b -> true;
      case Int i -> true;
      case Real r -> true;
      case Undefined u -> true;
      case Generator g -> true;
      case Namespace n -> true;
      case Function f -> true;
      case Loop l -> true;
    };
  }

  private static Undefined missing(Value target, Text name) {
    return new Undefined(
        "'%s' has no attribute '%s'".formatted(Types.name(target), name.withoutUserText()));
  }

  private static @Nullable Value ownAttribute(Value target, String name, Budget budget) {
    return switch (target) {
      case Str s -> StringMethods.find(s, name);
      case Dict d -> CollectionMethods.find(d, name);
      case Sequence s -> CollectionMethods.find(s, name);
      case Namespace n -> n.attributes.get(name);
      case Loop l -> l.get(name);
      case Undefined u -> null;
      case None n -> null;
      case Bool b -> null;
      case Int i -> null;
      case Real r -> null;
      case Generator g -> null;
      case Function f -> f.attribute(name, budget);
    };
  }

  private static @Nullable Value at(List<Value> items, Value key) {
    int index = position(key, items.size());
    return index < 0 ? null : items.get(index);
  }

  private static @Nullable Value characterAt(Str string, Value key, Budget budget) {
    Text text = string.text();
    int index = position(key, text.codePoints());
    if (index < 0) {
      return null;
    }
    int from = text.offset(index, budget);
    int to = from + Character.charCount(text.chars().codePointAt(from));
    return new Str(text.slice(from, to, budget), string.markup());
  }

  private static int position(Value key, int length) {
    BigInteger index = Types.index(key);
    if (index == null) {
      return -1;
    }
    long position = Types.clamp(index);
    position = position < 0 ? position + length : position;
    return position < 0 || position >= length ? -1 : (int) position;
  }

  /** {@code target[start:stop:step]}, null for what is left out. */
  static Value slice(
      Value target,
      @Nullable Value start,
      @Nullable Value stop,
      @Nullable Value step,
      Budget budget) {
    if (target instanceof Str string) {
      return sliceText(string, start, stop, step, budget);
    }
    if (target instanceof Sequence sequence && sequence.kind().indexed()) {
      List<Value> items = sequence.items();
      Indices indices = indices(items.size(), start, stop, step);
      budget.makeItems(indices.count(), Budget.ITEM);
      List<Value> taken = new ArrayList<>(indices.count());
      indices.forEach(index -> taken.add(items.get(index)));
      return new Sequence(sequence.kind(), taken);
    }
    throw Types.wrong(target, "a value of type '" + Types.name(target) + "' cannot be sliced");
  }

  private static Value sliceText(
      Str string,
      @Nullable Value start,
      @Nullable Value stop,
      @Nullable Value step,
      Budget budget) {
    Text text = string.text();
    int length = text.codePoints();
    budget.spendCharacters(text.length());
    int stride = stride(step);
    if (stride == 1) {
      int from = bound(start, length, 0, 0, length);
      int to = bound(stop, length, length, 0, length);
      Text part =
          from >= to
              ? Text.EMPTY
              : text.slice(text.offset(from, budget), text.offset(to, budget), budget);
      return new Str(part, string.markup());
    }
    budget.allocate((length + 1L) * Integer.BYTES);
    int[] offsets = new int[length + 1];
    for (int i = 0, at = 0; i < length; i++) {
      offsets[i] = at;
      at += Character.charCount(text.chars().codePointAt(at));
    }
    offsets[length] = text.length();
    var taken = new TextBuilder(budget);
    indices(length, start, stop, step)
        .forEach(index -> taken.append(text, offsets[index], offsets[index + 1]));
    return new Str(taken.build(), string.markup());
  }

  private static int stride(@Nullable Value step) {
    int stride = step == null || step == None.NONE ? 1 : Types.integer(step, "the step of a slice");
    if (stride == 0) {
      throw new Failure("the step of a slice cannot be zero");
    }
    return stride;
  }

  /** What a slice takes. */
  private record Indices(int from, int stride, int count) {
    void forEach(IntConsumer take) {
      for (int i = 0; i < count; i++) {
        take.accept((int) (from + (long) i * stride));
      }
    }
  }

  private static Indices indices(
      int length, @Nullable Value start, @Nullable Value stop, @Nullable Value step) {
    int stride = stride(step);
    boolean forward = stride > 0;
    int low = forward ? 0 : -1;
    int high = forward ? length : length - 1;
    int from = bound(start, length, forward ? low : high, low, high);
    int to = bound(stop, length, forward ? high : low, low, high);
    long span = forward ? (long) to - from : (long) from - to;
    return new Indices(
        from, stride, (int) Math.max(0, Math.ceilDiv(span, Math.abs((long) stride))));
  }

  private static int bound(@Nullable Value value, int length, int absent, int low, int high) {
    if (value == null || value == None.NONE) {
      return absent;
    }
    long bound = Types.integer(value, "the bound of a slice");
    bound = bound < 0 ? bound + length : bound;
    return (int) Math.max(low, Math.min(high, bound));
  }
}
