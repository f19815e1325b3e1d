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
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The filter tojson as transformers defines it: Python's json.dumps without HTML escapes. Brackets,
 * separators and quotes are the template's; every character of a string or number, escaped or not,
 * keeps the origin of the value.
 */
final class Json {
  private final Budget budget;
  private final TextBuilder out;
  private final Style style;

  /** The parameters of json.dumps. */
  record Style(
      boolean ascii, @Nullable Text indent, Text itemSeparator, Text keySeparator, boolean sort) {}

  private Json(Style style, Budget budget) {
    this.style = style;
    this.budget = budget;
    this.out = new TextBuilder(budget);
  }

  static Text write(Value value, Style style, Budget budget) {
    var json = new Json(style, budget);
    json.add(value, 0);
    return json.out.build();
  }

  private void add(Value value, int depth) {
    budget.enter();
    switch (value) {
      case None n -> word("null");
      case Bool b -> word(b == Bool.TRUE ? "true" : "false");
      case Int i -> out.append(i.value().toString(), i.trusted());
      case Real r -> out.append(real(r.value()), r.trusted());
      case Str s -> string(s.text());
      case Sequence s -> {
        if (s.kind() != Kind.LIST && s.kind() != Kind.TUPLE) {
          throw notJson(value);
        }
        list(s.items(), depth);
      }
      case Dict d -> dict(d, depth);
      case Undefined u -> throw notJson(value);
      case Generator g -> throw notJson(value);
      case Namespace n -> throw notJson(value);
      case Function f -> throw notJson(value);
      case Loop l -> throw notJson(value);
    }
    budget.leave();
  }

  private static Failure notJson(Value value) {
    return Types.wrong(
        value, "a value of type '" + Types.name(value) + "' cannot be written as JSON");
  }

  private void word(String word) {
    out.append(word, true);
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return Numbers.repr(value);
  }

  private void list(List<Value> items, int depth) {
    word("[");
    boolean more = false;
    for (Value item : items) {
      separate(more, depth + 1);
      add(item, depth + 1);
      more = true;
    }
    close(more, depth, "]");
  }

  private void dict(Dict dict, int depth) {
    budget.makeItems(dict.size(), Budget.ITEM);
    List<Dict.Entry> entries = new ArrayList<>(dict.size());
    dict.entries().forEach(entries::add);
    if (style.sort()) {
      entries.sort((a, b) -> Comparing.compare(a.key(), b.key(), budget));
    }
    word("{");
    boolean more = false;
    for (Dict.Entry entry : entries) {
      separate(more, depth + 1);
      key(entry.key());
      out.append(style.keySeparator());
      add(entry.value(), depth + 1);
      more = true;
    }
    close(more, depth, "}");
  }

  private void separate(boolean more, int depth) {
    if (more) {
      out.append(style.itemSeparator());
    }
    newline(depth);
  }

  private void close(boolean any, int depth, String bracket) {
    if (any) {
      newline(depth);
    }
    word(bracket);
  }

  private void newline(int depth) {
    Text indent = style.indent();
    if (indent != null) {
      word("\n");
      for (int i = 0; i < depth; i++) {
        out.append(indent);
      }
    }
  }

  private void key(Value key) {
    switch (key) {
      case Str s -> string(s.text());
      case None n -> word("\"null\"");
      case Bool b -> word(b == Bool.TRUE ? "\"true\"" : "\"false\"");
      case Int i ->
          out.append("\"", true).append(i.value().toString(), i.trusted()).append("\"", true);
      case Real r -> out.append("\"", true).append(real(r.value()), r.trusted()).append("\"", true);
      case Sequence s -> throw notJson(key);
      case Dict d -> throw notJson(key);
      case Undefined u -> throw notJson(key);
      case Generator g -> throw notJson(key);
      case Namespace n -> throw notJson(key);
      case Function f -> throw notJson(key);
      case Loop l -> throw notJson(key);
    }
  }

  private void string(Text text) {
    word("\"");
    text.forEachRange(
        0, text.length(), (from, to, trusted) -> escape(text.chars(), from, to, trusted));
    word("\"");
  }

  private void escape(String chars, int from, int to, boolean trusted) {
    int copied = from;
    for (int at = from; at < to; at++) {
      String escape = escape(chars.charAt(at));
      if (escape != null) {
        out.append(chars.substring(copied, at), trusted).append(escape, trusted);
        copied = at + 1;
      }
    }
    out.append(chars.substring(copied, to), trusted);
  }

  private @Nullable String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\f' -> "\\f";
      case '\b' -> "\\b";
      default -> c < 0x20 || (style.ascii() && c > 0x7e) ? "\\u%04x".formatted((int) c) : null;
    };
  }
}
