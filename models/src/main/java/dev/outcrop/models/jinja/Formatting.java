package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The operator {@code %} on strings, and {@code str.format}. */
final class Formatting {
  private static final Pattern PRINTF =
      Pattern.compile(
          "%(?:\\(([^)]*)\\))?([-+ #0]*)(\\d+)?(?:\\.(\\d+))?[hlL]?(.)", Pattern.DOTALL);
  private static final Pattern FIELD_PART = Pattern.compile("\\.([^.\\[]+)|\\[([^]]+)]");

  private Formatting() {}

  /** {@code format % values}. */
  static Value printf(Str format, Value values, Evaluator evaluator) {
    Markup.refuse(format, "%");
    Budget budget = evaluator.budget();
    Text text = format.text();
    budget.spendCharacters(text.length());
    List<Value> row =
        values instanceof Sequence tuple && tuple.kind() == Kind.TUPLE
            ? tuple.items()
            : List.of(values);
    var out = new TextBuilder(budget);
    int used = 0;
    int copied = 0;
    Matcher matcher = PRINTF.matcher(text.chars());
    for (int at = text.chars().indexOf('%'); at >= 0; at = text.chars().indexOf('%', copied)) {
      out.append(text, copied, at);
      if (!matcher.find(at) || matcher.start() != at) {
        throw new Failure("a format ends in the middle of a directive");
      }
      copied = matcher.end();
      if (matcher.group(5).equals("%")) {
        out.append(text, copied - 1, copied);
        continue;
      }
      String key = matcher.group(1);
      Value value;
      if (key != null) {
        Value named = values instanceof Dict dict ? dict.get(key) : null;
        if (named == null) {
          throw new Failure("a format names a value that is not there");
        }
        value = named;
        used = row.size();
      } else if (used < row.size()) {
        value = row.get(used++);
      } else {
        throw new Failure("a format needs more values");
      }
      budget.spend(1);
      boolean trusted = text.slice(at, copied, budget).allTrusted();
      directive(out, matcher, value, trusted, budget);
    }
    if (used < row.size() && !isLookup(values)) {
      throw new Failure("a format has no place for a value");
    }
    return new Str(out.append(text, copied, text.length()).build());
  }

  /** What Python takes for a mapping, a list too: nothing has to use it. */
  private static boolean isLookup(Value values) {
    return values instanceof Dict
        || values instanceof Undefined
        || (values instanceof Sequence sequence
            && (sequence.kind() == Kind.LIST || sequence.kind() == Kind.RANGE));
  }

  private static void directive(
      TextBuilder out, Matcher matcher, Value value, boolean trusted, Budget budget) {
    String flags = matcher.group(2);
    int width = FormatSpec.number(matcher.group(3), 0, budget);
    int precision = FormatSpec.number(matcher.group(4), -1, budget);
    char type = matcher.group(5).charAt(0);
    boolean left = flags.contains("-");
    char sign = flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : '-';
    boolean zero = flags.contains("0") && !left;
    char align = left ? '<' : zero ? '=' : '>';
    char fill = zero ? '0' : ' ';
    boolean alternate = flags.contains("#");
    switch (type) {
      case 's', 'r', 'a' -> {
        Text shown = type == 's' ? Printing.str(value, budget) : Printing.repr(value, budget);
        var spec =
            new FormatSpec(' ', left ? '<' : '>', '-', false, width, "", precision, 's', trusted);
        spec.string(out, shown, budget);
      }
      case 'd', 'i', 'u', 'x', 'X', 'o' -> {
        BigInteger whole = whole(value, type);
        char as = type == 'i' || type == 'u' ? 'd' : type;
        int digits = Math.max(precision, 0);
        new FormatSpec(fill, align, sign, alternate, width, "", digits, as, trusted)
            .integer(out, whole, Numbers.trusted(value), budget);
      }
      case 'f', 'F', 'e', 'E', 'g', 'G' -> {
        if (!Comparing.isNumber(value)) {
          throw Types.wrong(value, "'%" + type + "' needs a number");
        }
        new FormatSpec(fill, align, sign, alternate, width, "", precision, type, trusted)
            .real(out, Numbers.toDouble(value), Numbers.trusted(value), budget);
      }
      default -> throw new Failure("a format has a directive that is not supported");
    }
  }

  private static BigInteger whole(Value value, char type) {
    BigInteger whole = Types.index(value);
    if (whole == null
        && value instanceof Value.Real real
        && (type == 'd' || type == 'i' || type == 'u')) {
      if (!Double.isFinite(real.value())) {
        throw new Failure(
            "'%" + type + "' needs a number that is finite, not " + Numbers.repr(real.value()));
      }
      return new java.math.BigDecimal(real.value()).toBigInteger();
    }
    if (whole == null) {
      throw Types.wrong(value, "'%" + type + "' needs a number, not '" + Types.name(value) + "'");
    }
    return whole;
  }

  /** {@code format.format(...)}. */
  static Value format(Str format, Arguments arguments, Evaluator evaluator) {
    Markup.refuse(format, "format");
    Text text = format.text();
    String chars = text.chars();
    var out = new TextBuilder(evaluator.budget());
    int[] automatic = {0};
    int at = 0;
    while (at < chars.length()) {
      char c = chars.charAt(at);
      if (c != '{' && c != '}') {
        int next = at;
        while (next < chars.length() && "{}".indexOf(chars.charAt(next)) < 0) {
          next++;
        }
        out.append(text, at, next);
        at = next;
      } else if (at + 1 < chars.length() && chars.charAt(at + 1) == c) {
        out.append(text, at, at + 1);
        at += 2;
      } else {
        int end = c == '{' ? fieldEnd(chars, at + 1) : -1;
        if (end < 0) {
          throw new Failure("a format has a brace without its partner");
        }
        Text field = text.slice(at + 1, end, evaluator.budget());
        field(out, field, arguments, automatic, evaluator);
        at = end + 1;
      }
    }
    return new Str(out.build());
  }

  private static int fieldEnd(String chars, int from) {
    int end = chars.indexOf('}', from);
    int nested = chars.indexOf('{', from);
    if (nested >= 0 && nested < end) {
      throw new Failure("a format nests fields, which is not supported");
    }
    return end;
  }

  private static void field(
      TextBuilder out, Text field, Arguments arguments, int[] automatic, Evaluator evaluator) {
    String chars = field.chars();
    int colon = chars.indexOf(':');
    String spec = colon < 0 ? "" : chars.substring(colon + 1);
    String path = colon < 0 ? chars : chars.substring(0, colon);
    char conversion = 0;
    if (path.length() >= 2 && path.charAt(path.length() - 2) == '!') {
      conversion = path.charAt(path.length() - 1);
      path = path.substring(0, path.length() - 2);
    }
    Value value = resolve(path, field.allTrusted(), arguments, automatic, evaluator);
    Budget budget = evaluator.budget();
    value =
        switch (conversion) {
          case 0 -> value;
          case 's' -> new Str(Printing.str(value, budget));
          case 'r' -> new Str(Printing.repr(value, budget));
          default -> throw new Failure("a format has a conversion that is not supported");
        };
    if (spec.isEmpty()) {
      out.append(Printing.str(value, budget));
    } else {
      FormatSpec.parse(spec, field.allTrusted(), budget).apply(out, value, budget);
    }
  }

  private static Value resolve(
      String path, boolean trusted, Arguments arguments, int[] automatic, Evaluator evaluator) {
    int end = 0;
    while (end < path.length() && ".[".indexOf(path.charAt(end)) < 0) {
      end++;
    }
    String first = path.substring(0, end);
    @Nullable Value value;
    if (first.isEmpty() || first.chars().allMatch(Character::isDigit)) {
      int index =
          first.isEmpty()
              ? automatic[0]++
              : Types.clamp(new BigInteger(first.substring(0, Math.min(first.length(), 8))));
      value = index < arguments.positional().size() ? arguments.positional().get(index) : null;
    } else {
      value = arguments.named().get(first);
    }
    if (value == null) {
      throw new Failure("a format asks for a value that is not given");
    }
    Matcher part = FIELD_PART.matcher(path);
    int at = end;
    while (at < path.length()) {
      if (!part.find(at) || part.start() != at) {
        throw new Failure("a format has a field that cannot be read");
      }
      at = part.end();
      String item = part.group(2);
      if (item == null) {
        value = Access.attribute(value, Text.of(part.group(1), trusted), evaluator.budget());
      } else {
        Value key =
            item.chars().allMatch(Character::isDigit) && item.length() < 10
                ? Int.of(Long.parseLong(item))
                : new Str(Text.of(item, trusted));
        value = Access.item(value, key, evaluator.budget());
      }
    }
    return value;
  }
}
