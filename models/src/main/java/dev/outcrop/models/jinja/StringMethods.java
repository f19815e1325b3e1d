package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's str. */
final class StringMethods {
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "casefold",
          "encode",
          "expandtabs",
          "format_map",
          "isidentifier",
          "istitle",
          "maketrans",
          "translate");

  private StringMethods() {}

  /** A method bound to its string. */
  private interface Method {
    Value call(Str self, Arguments arguments, Evaluator evaluator);
  }

  /** The method of that name, or null where Python's str has none. */
  static @Nullable Value find(Str self, String name) {
    if (UNSUPPORTED.contains(name)) {
      throw new Failure("the string method '" + name + "' is not supported");
    }
    Method method = method(name);
    if (method == null) {
      return null;
    }
    return (Function)
        (evaluator, arguments) -> {
          evaluator.budget().spendCharacters(self.text().length());
          return method.call(self, arguments, evaluator);
        };
  }

  private static @Nullable Method method(String name) {
    return switch (name) {
      case "strip" -> (s, a, e) -> strip(name, s, a, true, true, e);
      case "lstrip" -> (s, a, e) -> strip(name, s, a, true, false, e);
      case "rstrip" -> (s, a, e) -> strip(name, s, a, false, true, e);
      case "upper" -> (s, a, e) -> same(s, none(name, a), Strings.upper(s.text(), e.budget()));
      case "lower" -> (s, a, e) -> same(s, none(name, a), Strings.lower(s.text(), e.budget()));
      case "title" -> (s, a, e) -> same(s, none(name, a), Strings.title(s.text(), e.budget()));
      case "capitalize" ->
          (s, a, e) -> same(s, none(name, a), Strings.capitalize(s.text(), e.budget()));
      case "swapcase" -> (s, a, e) -> same(s, none(name, a), swapCase(s.text(), e.budget()));
      case "split", "rsplit" -> (s, a, e) -> split(name, s, a, e);
      case "splitlines" -> StringMethods::splitLines;
      case "partition" -> (s, a, e) -> StringSearch.partition(s, a, false, e);
      case "rpartition" -> (s, a, e) -> StringSearch.partition(s, a, true, e);
      case "startswith" -> (s, a, e) -> StringSearch.hasEnd(name, s, a, true, e);
      case "endswith" -> (s, a, e) -> StringSearch.hasEnd(name, s, a, false, e);
      case "find", "rfind", "index", "rindex" -> (s, a, e) -> StringSearch.find(name, s, a, e);
      case "count" -> StringSearch::count;
      case "replace" -> StringMethods::replace;
      case "removeprefix" -> (s, a, e) -> remove(s, argument(name, a), true, e);
      case "removesuffix" -> (s, a, e) -> remove(s, argument(name, a), false, e);
      case "join" -> StringMethods::join;
      case "format" -> Formatting::format;
      case "zfill" -> StringMethods::zeroFill;
      case "ljust", "rjust", "center" -> (s, a, e) -> justify(name, s, a, e);
      case "isdigit", "isdecimal", "isnumeric" -> each(name, Character::isDigit);
      case "isalpha" -> each(name, Character::isLetter);
      case "isalnum" -> each(name, Character::isLetterOrDigit);
      case "isspace" -> each(name, Python::isSpace);
      case "isascii" -> (s, a, e) -> none(name, a, s.chars().chars().allMatch(c -> c < 128));
      case "isprintable" ->
          (s, a, e) -> none(name, a, s.chars().codePoints().allMatch(Python::isPrintable));
      case "isupper" -> (s, a, e) -> none(name, a, Strings.isCase(s.chars(), false));
      case "islower" -> (s, a, e) -> none(name, a, Strings.isCase(s.chars(), true));
      default -> null;
    };
  }

  private static Value same(Str self, Arguments none, Text text) {
    return none.positional().isEmpty() ? new Str(text, self.markup()) : None.NONE;
  }

  private static Arguments none(String name, Arguments arguments) {
    arguments.positional(name, 0, 0);
    return arguments;
  }

  private static Value none(String name, Arguments arguments, boolean answer) {
    none(name, arguments);
    return Bool.of(answer);
  }

  private static Method each(String name, IntPredicate predicate) {
    return (s, a, e) ->
        none(name, a, !s.text().isEmpty() && s.chars().codePoints().allMatch(predicate));
  }

  static Text argument(String name, Arguments arguments) {
    @Nullable Value[] a = arguments.positional(name, 1, 1);
    return Types.string(TextFilters.required(a[0]), "the argument of '" + name + "'");
  }

  private static Value strip(
      String name,
      Str self,
      Arguments arguments,
      boolean left,
      boolean right,
      Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional(name, 0, 1);
    String chars = Strings.characterSet(a[0], "the argument of '" + name + "'");
    evaluator.budget().spendSearch(self.text().length(), chars == null ? 1 : chars.length());
    return new Str(
        Strings.strip(self.text(), chars, left, right, evaluator.budget()), self.markup());
  }

  private static Text swapCase(Text text, Budget budget) {
    var out = new TextBuilder(budget);
    for (int at = 0; at < text.length(); ) {
      int c = text.chars().codePointAt(at);
      int end = at + Character.charCount(c);
      String one = Character.toString(c);
      String swapped =
          Character.isUpperCase(c) ? one.toLowerCase(Locale.ROOT) : one.toUpperCase(Locale.ROOT);
      out.append(swapped, text.trustedAt(at));
      at = end;
    }
    return out.build();
  }

  private static Value split(String name, Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind(name, 0, "sep", "maxsplit");
    int most = Types.integer(a[1], "maxsplit", -1);
    boolean right = name.equals("rsplit");
    List<Text> parts;
    if (a[0] == null || a[0] == None.NONE) {
      parts =
          right
              ? Strings.splitAtSpaceFromRight(self.text(), most, evaluator.budget())
              : Strings.splitAtSpace(self.text(), most, evaluator.budget());
    } else {
      Text separator = Types.string(a[0], "sep");
      evaluator.budget().spendSearch(self.text().length(), separator.length());
      parts =
          right
              ? Strings.splitFromRight(self.text(), separator, most, evaluator.budget())
              : Strings.split(self.text(), separator, most, evaluator.budget());
    }
    return list(parts, self, evaluator);
  }

  private static Value list(List<Text> parts, Str self, Evaluator evaluator) {
    evaluator.budget().makeItems(parts.size(), Budget.ITEM);
    List<Value> items = new ArrayList<>(parts.size());
    parts.forEach(part -> items.add(new Str(part, self.markup())));
    return Sequence.list(items);
  }

  private static Value splitLines(Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("splitlines", 0, "keepends");
    List<Text> lines =
        Strings.splitLines(self.text(), Types.truth(a[0], false), evaluator.budget());
    return list(lines, self, evaluator);
  }

  private static Value replace(Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional("replace", 2, 3);
    Markup.refuse(self, "replace");
    Text old = Types.string(TextFilters.required(a[0]), "the text to replace");
    Text with = Types.string(TextFilters.required(a[1]), "the replacement");
    int count = Types.integer(a[2], "count", -1);
    return new Str(Strings.replace(self.text(), old, with, count, evaluator.budget()));
  }

  private static Value remove(Str self, Text affix, boolean prefix, Evaluator evaluator) {
    Budget budget = evaluator.budget();
    Text text = self.text();
    if (prefix && text.chars().startsWith(affix.chars())) {
      return new Str(text.slice(affix.length(), text.length(), budget), self.markup());
    }
    return !prefix && text.chars().endsWith(affix.chars())
        ? new Str(text.slice(0, text.length() - affix.length(), budget), self.markup())
        : self;
  }

  private static Value join(Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional("join", 1, 1);
    Markup.refuse(self, "join");
    var joined = new TextBuilder(evaluator.budget());
    boolean more = false;
    for (Value item : Types.items(TextFilters.required(a[0]), evaluator.budget())) {
      if (more) {
        joined.append(self.text());
      }
      joined.append(Types.string(item, "an item of 'join'"));
      more = true;
    }
    return new Str(joined.build());
  }

  private static Value zeroFill(Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional("zfill", 1, 1);
    Text text = self.text();
    int width = TextFilters.width(Types.integer(a[0], "width", 0), evaluator.budget());
    int zeros = Math.max(0, width - text.codePoints());
    evaluator.budget().makeString(zeros);
    int sign = text.chars().startsWith("-") || text.chars().startsWith("+") ? 1 : 0;
    return new Str(
        new TextBuilder(evaluator.budget())
            .append(text, 0, sign)
            .append("0".repeat(zeros), true)
            .append(text, sign, text.length())
            .build());
  }

  private static Value justify(String name, Str self, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.positional(name, 1, 2);
    Budget budget = evaluator.budget();
    Text fill = a[1] == null ? Text.trusted(" ") : Types.string(a[1], "the fill of '" + name + "'");
    if (fill.codePoints() != 1) {
      throw new Failure("the fill of '" + name + "' has to be one character");
    }
    int width = TextFilters.width(Types.integer(a[0], "width", 0), budget);
    Text text = self.text();
    int padding = Math.max(0, width - text.codePoints());
    return new Str(
        switch (name) {
          case "ljust" -> Strings.pad(text, 0, padding, fill, budget);
          case "rjust" -> Strings.pad(text, padding, 0, fill, budget);
          default -> Strings.center(text, width, fill, budget);
        });
  }
}
