package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.Namespace;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.List;

/**
 * Python's str and repr. Brackets and quotes are the template's, what stands inside keeps its
 * origin.
 */
final class Printing {
  private final Budget budget;
  private final TextBuilder out;

  private Printing(Budget budget) {
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  /** {@code str(value)}. */
  static Text str(Value value, Budget budget) {
    if (value instanceof Str string) {
      return string.text();
    }
    return value instanceof Undefined ? Text.EMPTY : repr(value, budget);
  }

  /** {@code repr(value)}. */
  static Text repr(Value value, Budget budget) {
    var printing = new Printing(budget);
    printing.add(value);
    return printing.out.build();
  }

  private void add(Value value) {
    budget.enter();
    switch (value) {
      case Undefined u -> word("Undefined");
      case None n -> word("None");
      case Bool b -> word(b == Bool.TRUE ? "True" : "False");
      case Int i -> out.append(i.value().toString(), i.trusted());
      case Real r -> out.append(Numbers.repr(r.value()), r.trusted());
      case Str s -> string(s);
      case Sequence s -> sequence(s);
      case Dict d -> dict(d);
      case Generator g ->
          throw new Failure("a generator has no stable text; use the filter 'list'");
      case Namespace n -> {
        word("<Namespace ");
        dict(n.attributes);
        word(">");
      }
      case Function f -> {
        String shown = f.shown();
        if (shown == null) {
          throw new Failure("a function has no stable text");
        }
        word(shown);
      }
      case Loop l -> word("<LoopContext " + (l.index + 1) + "/" + l.items.size() + ">");
    }
    budget.leave();
  }

  private void word(String word) {
    out.append(word, true);
  }

  private void sequence(Sequence sequence) {
    switch (sequence.kind()) {
      case LIST -> items("[", sequence.items(), "]");
      case TUPLE -> items("(", sequence.items(), sequence.items().size() == 1 ? ",)" : ")");
      case KEYS, VALUES, ITEMS -> items(sequence.kind().python() + "([", sequence.items(), "])");
      case RANGE -> range(sequence.items());
    }
  }

  private void range(List<Value> items) {
    if (items.isEmpty()) {
      throw new Failure("an empty range has no stable text; use the filter 'list'");
    }
    long start = Types.integer(items.getFirst(), "a range");
    long last = Types.integer(items.getLast(), "a range");
    if (last - start != items.size() - 1) {
      throw new Failure("a range with a step has no stable text; use the filter 'list'");
    }
    word("range(" + start + ", " + (last + 1) + ")");
  }

  private void items(String open, List<Value> items, String close) {
    word(open);
    boolean more = false;
    for (Value item : items) {
      if (more) {
        word(", ");
      }
      add(item);
      more = true;
    }
    word(close);
  }

  private void dict(Dict dict) {
    word("{");
    boolean more = false;
    for (Dict.Entry entry : dict.entries()) {
      if (more) {
        word(", ");
      }
      add(entry.key());
      word(": ");
      add(entry.value());
      more = true;
    }
    word("}");
  }

  private void string(Str string) {
    String chars = string.chars();
    boolean doubled = chars.indexOf('\'') >= 0 && chars.indexOf('"') < 0;
    String quote = doubled ? "\"" : "'";
    if (string.markup()) {
      word("Markup(");
    }
    word(quote);
    Text text = string.text();
    for (int at = 0; at < chars.length(); ) {
      int c = chars.codePointAt(at);
      out.append(escaped(c, quote.charAt(0)), text.trustedAt(at));
      at += Character.charCount(c);
    }
    word(quote);
    if (string.markup()) {
      word(")");
    }
  }

  private static String escaped(int c, char quote) {
    if (c == quote || c == '\\') {
      return "\\" + (char) c;
    }
    if (c == '\n') {
      return "\\n";
    }
    if (c == '\r') {
      return "\\r";
    }
    if (c == '\t') {
      return "\\t";
    }
    if (Python.isPrintable(c)) {
      return Character.toString(c);
    }
    return (c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c);
  }
}
