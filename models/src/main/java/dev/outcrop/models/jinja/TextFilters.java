package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Str;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Filters that make text of text. */
final class TextFilters {
  private TextFilters() {}

  /** The input as text, as Jinja's soft_str: what is no string is printed. */
  static Str soft(Value input, Evaluator evaluator) {
    return input instanceof Str string ? string : new Str(Printing.str(input, evaluator.budget()));
  }

  static Value string(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("string", 0);
    return soft(input, evaluator);
  }

  static Value trim(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("trim", 0, "chars");
    Str text = soft(input, evaluator);
    String chars = Strings.characterSet(a[0], "chars");
    evaluator.budget().spendSearch(text.text().length(), chars == null ? 1 : chars.length());
    return new Str(
        Strings.strip(text.text(), chars, true, true, evaluator.budget()), text.markup());
  }

  static Value upper(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("upper", 0);
    Str text = soft(input, evaluator);
    return new Str(Strings.upper(text.text(), evaluator.budget()), text.markup());
  }

  static Value lower(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("lower", 0);
    Str text = soft(input, evaluator);
    return new Str(Strings.lower(text.text(), evaluator.budget()), text.markup());
  }

  static Value capitalize(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("capitalize", 0);
    Str text = soft(input, evaluator);
    return new Str(Strings.capitalize(text.text(), evaluator.budget()), text.markup());
  }

  /** Upper case after white space, a hyphen or an opening bracket, as Jinja's own title. */
  static Value title(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("title", 0);
    Text text = soft(input, evaluator).text();
    var out = new TextBuilder(evaluator.budget());
    int from = 0;
    while (from < text.length()) {
      boolean separator = isTitleSeparator(text.chars().charAt(from));
      int to = from;
      while (to < text.length() && isTitleSeparator(text.chars().charAt(to)) == separator) {
        to++;
      }
      Text part = text.slice(from, to, evaluator.budget());
      if (separator) {
        out.append(part);
      } else {
        int head = Character.charCount(part.chars().codePointAt(0));
        Budget budget = evaluator.budget();
        out.append(Strings.upper(part.slice(0, head, budget), budget));
        out.append(Strings.lower(part.slice(head, part.length(), budget), budget));
      }
      from = to;
    }
    return new Str(out.build());
  }

  private static boolean isTitleSeparator(char c) {
    return Python.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  static Value replace(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("replace", 2, "old", "new", "count");
    Str text = soft(input, evaluator);
    Markup.refuse(text, "replace");
    Text old = Printing.str(required(a[0]), evaluator.budget());
    Text with = Printing.str(required(a[1]), evaluator.budget());
    int count = a[2] == null || a[2] == Value.None.NONE ? -1 : Types.integer(a[2], "count");
    return new Str(Strings.replace(text.text(), old, with, count, evaluator.budget()));
  }

  static Value required(@Nullable Value value) {
    if (value == null) {
      throw new Failure("an argument is missing");
    }
    return value;
  }

  static Value indent(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("indent", 0, "width", "first", "blank");
    Budget budget = evaluator.budget();
    Text text = Types.string(input, "the input of 'indent'");
    Text indention =
        a[0] instanceof Str string
            ? string.text()
            : blanks(Types.integer(a[0], "width", 4), budget);
    boolean blank = Types.truth(a[2], false);
    var out = new TextBuilder(budget);
    if (Types.truth(a[1], false)) {
      out.append(indention);
    }
    var ended = new TextBuilder(budget).append(text).append("\n", true).build();
    List<Text> lines = Strings.splitLines(ended, false, budget);
    for (int i = 0; i < lines.size(); i++) {
      if (i > 0) {
        out.append("\n", true);
        if (blank || !lines.get(i).isEmpty()) {
          out.append(indention);
        }
      }
      out.append(lines.get(i));
    }
    return new Str(out.build(), ((Str) input).markup());
  }

  static int width(int width, Budget budget) {
    budget.checkCharacters(width);
    return Math.max(0, width);
  }

  /** Blanks to indent with. */
  static Text blanks(int width, Budget budget) {
    int count = width(width, budget);
    budget.makeString(count);
    return Text.trusted(" ".repeat(count));
  }

  static Value truncate(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    int length = Types.integer(a[0], "length", 255);
    Text end = a[2] == null ? Text.trusted("...") : Types.string(a[2], "end");
    int leeway = a[3] == null || a[3] == Value.None.NONE ? 5 : Types.integer(a[3], "leeway");
    if (length < end.codePoints() || leeway < 0) {
      throw new Failure("'truncate' is given a length that is too small");
    }
    if (Types.length(input) <= (long) length + leeway) {
      return input;
    }
    Text text = Types.string(input, "the input of 'truncate'");
    Budget budget = evaluator.budget();
    Text kept = text.slice(0, text.offset(length - end.codePoints(), budget), budget);
    if (!Types.truth(a[1], false)) {
      int space = kept.chars().lastIndexOf(' ');
      kept = space < 0 ? kept : kept.slice(0, space, budget);
    }
    return new Str(new TextBuilder(budget).append(kept).append(end).build());
  }

  static Value center(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("center", 0, "width");
    Text text = soft(input, evaluator).text();
    int width = width(Types.integer(a[0], "width", 80), evaluator.budget());
    return new Str(Strings.center(text, width, Text.trusted(" "), evaluator.budget()));
  }

  static Value wordcount(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("wordcount", 0);
    String chars = soft(input, evaluator).chars();
    long words = 0;
    boolean inside = false;
    for (int at = 0; at < chars.length(); at += Character.charCount(chars.codePointAt(at))) {
      int c = chars.codePointAt(at);
      boolean word = Character.isLetterOrDigit(c) || c == '_';
      words += word && !inside ? 1 : 0;
      inside = word;
    }
    return Int.of(words);
  }

  static Value format(Value input, Arguments arguments, Evaluator evaluator) {
    if (!arguments.positional().isEmpty() && arguments.named().size() > 0) {
      throw new Failure("'format' takes positional or named arguments, not both");
    }
    Value values =
        arguments.named().size() > 0
            ? arguments.named()
            : new Value.Sequence(Value.Kind.TUPLE, arguments.positional());
    return Formatting.printf(soft(input, evaluator), values, evaluator);
  }

  static Value safe(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("safe", 0);
    return new Str(Printing.str(input, evaluator.budget()), true);
  }

  static Value escape(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("escape", 0);
    return new Str(Markup.escaped(soft(input, evaluator), evaluator.budget()), true);
  }

  static Value forceEscape(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("forceescape", 0);
    Str plain = new Str(Printing.str(input, evaluator.budget()));
    return new Str(Markup.escaped(plain, evaluator.budget()), true);
  }
}
