package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str that look for a part of it. */
final class StringSearch {
  private StringSearch() {}

  /** The part of a string that start and end select, as UTF-16 positions; null if it is none. */
  private static int @Nullable [] window(
      Text text, @Nullable Value start, @Nullable Value end, Budget budget) {
    int length = text.codePoints();
    long from = start == null || start == None.NONE ? 0 : Types.integer(start, "start");
    long to = end == null || end == None.NONE ? length : Types.integer(end, "end");
    from = from < 0 ? Math.max(0, from + length) : from;
    to = to < 0 ? Math.max(0, to + length) : Math.min(to, length);
    return from > to
        ? null
        : new int[] {text.offset((int) from, budget), text.offset((int) to, budget)};
  }

  static Value hasEnd(
      String name, Str self, Arguments arguments, boolean start, Evaluator evaluator) {
    Budget budget = evaluator.budget();
    @Nullable Value[] a = arguments.positional(name, 1, 3);
    int[] window = window(self.text(), a[1], a[2], budget);
    Value wanted = TextFilters.required(a[0]);
    List<Value> choices =
        wanted instanceof Sequence sequence && sequence.kind() == Value.Kind.TUPLE
            ? sequence.items()
            : List.of(wanted);
    boolean any = false;
    for (Value choice : choices) {
      String affix = Types.string(choice, "the argument of '" + name + "'").chars();
      budget.spendCharacters(Math.min(affix.length(), self.text().length()));
      any |=
          window != null
              && window[1] - window[0] >= affix.length()
              && self.chars().startsWith(affix, start ? window[0] : window[1] - affix.length());
    }
    return Bool.of(any);
  }

  static Value find(String name, Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional(name, 1, 3);
    String part = Types.string(TextFilters.required(a[0]), "the argument").chars();
    evaluator.budget().spendSearch(self.text().length(), part.length());
    int[] window = window(self.text(), a[1], a[2], evaluator.budget());
    int found = -1;
    if (window != null) {
      found =
          name.startsWith("r")
              ? self.chars().lastIndexOf(part, window[1] - part.length())
              : self.chars().indexOf(part, window[0], window[1]);
      found = found < window[0] ? -1 : self.text().index(found, evaluator.budget());
    }
    if (found < 0 && name.endsWith("index")) {
      throw new Failure("'" + name + "' does not find the text");
    }
    return Int.of(found);
  }

  static Value count(Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional("count", 1, 3);
    String part = Types.string(TextFilters.required(a[0]), "the argument of 'count'").chars();
    evaluator.budget().spendSearch(self.text().length(), part.length());
    int[] window = window(self.text(), a[1], a[2], evaluator.budget());
    if (window == null) {
      return Int.of(0);
    }
    if (part.isEmpty()) {
      return Int.of(self.chars().codePointCount(window[0], window[1]) + 1L);
    }
    long count = 0;
    int at = self.chars().indexOf(part, window[0], window[1]);
    while (at >= 0) {
      count++;
      at = self.chars().indexOf(part, at + part.length(), window[1]);
    }
    return Int.of(count);
  }

  static Value partition(Str self, Arguments arguments, boolean right, Evaluator evaluator) {
    Text separator = StringMethods.argument(right ? "rpartition" : "partition", arguments);
    Text text = self.text();
    evaluator.budget().spendSearch(text.length(), separator.length());
    if (separator.isEmpty()) {
      throw new Failure("the separator of 'partition' is empty");
    }
    int found =
        right
            ? text.chars().lastIndexOf(separator.chars())
            : text.chars().indexOf(separator.chars());
    Value empty = new Str(Text.EMPTY);
    if (found < 0) {
      return right ? Sequence.tuple(empty, empty, self) : Sequence.tuple(self, empty, empty);
    }
    return Sequence.tuple(
        new Str(text.slice(0, found, evaluator.budget())),
        new Str(separator),
        new Str(text.slice(found + separator.length(), text.length(), evaluator.budget())));
  }
}
