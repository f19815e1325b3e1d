package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Generator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Filters on numbers, dictionaries and values of any type. */
final class ValueFilters {
  private ValueFilters() {}

  static Value toJson(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Text indent = null;
    if (a[1] instanceof Str string) {
      indent = string.text();
    } else if (a[1] != null && a[1] != None.NONE) {
      indent = TextFilters.blanks(Types.integer(a[1], "indent"), evaluator.budget());
    }
    Text itemSeparator = Text.trusted(indent == null ? ", " : ",");
    Text keySeparator = Text.trusted(": ");
    if (a[2] != null && a[2] != None.NONE) {
      List<Value> separators = Types.items(a[2], evaluator.budget());
      if (separators.size() != 2) {
        throw new Failure("'tojson' needs two separators");
      }
      itemSeparator = Types.string(separators.get(0), "a separator");
      keySeparator = Types.string(separators.get(1), "a separator");
    }
    var style =
        new Json.Style(
            Types.truth(a[0], false),
            indent,
            itemSeparator,
            keySeparator,
            Types.truth(a[3], false));
    return new Str(Json.write(input, style, evaluator.budget()));
  }

  static Value orDefault(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("default", 0, "default_value", "boolean");
    boolean absent =
        input instanceof Undefined || (Types.truth(a[1], false) && !Types.truth(input));
    Value otherwise = a[0] == null ? Str.trusted("") : a[0];
    return absent ? otherwise : input;
  }

  static Value toInt(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("int", 0, "default", "base");
    Value otherwise = a[0] == null ? Int.of(0) : a[0];
    if (input instanceof Undefined missing) {
      throw Types.undefined(missing);
    }
    BigInteger whole = Types.index(input);
    if (whole != null) {
      return new Int(whole, Numbers.trusted(input));
    }
    if (input instanceof Real real) {
      return truncated(real.value(), real.trusted(), otherwise);
    }
    if (!(input instanceof Str text)) {
      return otherwise;
    }
    boolean trusted = text.text().allTrusted();
    BigInteger parsed = NumberText.parseInteger(text.chars(), Types.integer(a[1], "base", 10));
    if (parsed != null) {
      return new Int(parsed, trusted);
    }
    Double parsedReal = NumberText.parseReal(text.chars());
    return parsedReal == null ? otherwise : truncated(parsedReal, trusted, otherwise);
  }

  private static Value truncated(double value, boolean trusted, Value otherwise) {
    return Double.isNaN(value) || Double.isInfinite(value)
        ? otherwise
        : new Int(new BigDecimal(value).toBigInteger(), trusted);
  }

  static Value toFloat(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("float", 0, "default");
    Value otherwise = a[0] == null ? new Real(0, true) : a[0];
    if (input instanceof Undefined missing) {
      throw Types.undefined(missing);
    }
    if (Comparing.isNumber(input)) {
      return new Real(Numbers.toDouble(input), Numbers.trusted(input));
    }
    Double parsed = input instanceof Str text ? NumberText.parseReal(text.chars()) : null;
    return parsed == null ? otherwise : new Real(parsed, Numbers.trusted(input));
  }

  static Value abs(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("abs", 0);
    if (input instanceof Real real) {
      return new Real(Math.abs(real.value()), real.trusted());
    }
    BigInteger whole = Types.index(input);
    if (whole == null) {
      throw Types.wrong(input, "'abs' needs a number, not '" + Types.name(input) + "'");
    }
    return new Int(whole.abs(), Numbers.trusted(input));
  }

  static Value round(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("round", 0, "precision", "method");
    int precision = Types.integer(a[0], "precision", 0);
    String method = a[1] == null ? "common" : Types.string(a[1], "method").chars();
    if (!Comparing.isNumber(input)) {
      throw Types.wrong(input, "'round' needs a number, not '" + Types.name(input) + "'");
    }
    evaluator.budget().spend(32);
    if (Math.abs((long) precision) > 300) {
      throw new Failure("'round' is given a precision that is too large");
    }
    double value = Numbers.toDouble(input);
    boolean trusted = Numbers.trusted(input);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return input;
    }
    double power = Math.pow(10, precision);
    return switch (method) {
      case "common" -> {
        BigInteger whole = Types.index(input);
        BigDecimal exact = whole == null ? new BigDecimal(value) : new BigDecimal(whole);
        BigDecimal rounded = exact.setScale(precision, RoundingMode.HALF_EVEN);
        yield whole == null
            ? new Real(Math.copySign(rounded.doubleValue(), value), trusted)
            : new Int(precision >= 0 ? whole : rounded.toBigInteger(), trusted);
      }
      case "ceil" -> new Real(Math.ceil(value * power) / power, trusted);
      case "floor" -> new Real(Math.floor(value * power) / power, trusted);
      default -> throw new Failure("'round' knows the methods common, ceil and floor");
    };
  }

  static Value length(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("length", 0);
    return Int.of(Types.length(input));
  }

  static Value attribute(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("attr", 1, "name");
    Text name = Printing.str(TextFilters.required(a[0]), evaluator.budget());
    if (input instanceof Dict dict) {
      Value own = CollectionMethods.find(dict, name.chars());
      return own != null ? own : new Undefined("'dict' has no such attribute");
    }
    return Access.attribute(input, name, evaluator.budget());
  }

  static Value items(Value input, Arguments arguments, Evaluator evaluator) {
    arguments.bind("items", 0);
    if (input instanceof Undefined) {
      return new Generator(List.of());
    }
    if (input instanceof Dict dict) {
      return new Generator(CollectionMethods.items(dict, evaluator.budget()));
    }
    throw new Failure("'items' needs a mapping, not '" + Types.name(input) + "'");
  }

  static Value dictSort(Value input, Arguments arguments, Evaluator evaluator) {
    @Nullable Value[] a = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    if (!(input instanceof Dict dict)) {
      throw Types.wrong(input, "'dictsort' needs a mapping, not '" + Types.name(input) + "'");
    }
    String by = a[1] == null ? "key" : Types.string(a[1], "by").chars();
    if (!by.equals("key") && !by.equals("value")) {
      throw new Failure("'dictsort' sorts by 'key' or 'value'");
    }
    int part = by.equals("key") ? 0 : 1;
    boolean fold = !Types.truth(a[0], false);
    List<Value> sorted = CollectionMethods.items(dict, evaluator.budget());
    ListFilters.sort(
        sorted,
        item -> ListFilters.folded(((Sequence) item).items().get(part), fold, evaluator),
        Types.truth(a[2], false),
        evaluator);
    return Sequence.list(sorted);
  }
}
