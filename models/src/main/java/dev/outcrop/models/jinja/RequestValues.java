package dev.outcrop.models.jinja;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.None;
import dev.outcrop.models.jinja.Value.Real;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what came with a request into values, every character of which is untrusted. */
public final class RequestValues {
  private static final int MAX_DEPTH = 100;

  private RequestValues() {}

  /**
   * Converts maps, lists, strings, numbers, booleans and nulls.
   *
   * @throws OutcropException TEMPLATE_FAILED for another type and for nesting that is too deep
   */
  public static Value of(@Nullable Object data) {
    return of(data, 0);
  }

  /** A string of a request. */
  public static Value string(String text) {
    return new Str(Text.untrusted(text));
  }

  private static Value of(@Nullable Object data, int depth) {
    if (depth > MAX_DEPTH) {
      throw new OutcropException(
          ModelError.TEMPLATE_FAILED,
          "the request's tools or arguments nest deeper than " + MAX_DEPTH + " levels");
    }
    return switch (data) {
      case null -> None.NONE;
      case Value value -> value;
      case CharSequence text -> string(text.toString());
      case Boolean flag -> Bool.of(flag);
      case BigInteger number -> new Int(number, false);
      case BigDecimal number -> new Real(number.doubleValue(), false);
      case Double number -> new Real(number, false);
      case Float number -> new Real(number, false);
      case Number number -> new Int(BigInteger.valueOf(number.longValue()), false);
      case Map<?, ?> map -> {
        var dict = new Dict();
        map.forEach(
            (key, value) -> dict.put(Text.untrusted(String.valueOf(key)), of(value, depth + 1)));
        yield dict;
      }
      case Iterable<?> list -> {
        List<Value> items = new ArrayList<>();
        list.forEach(item -> items.add(of(item, depth + 1)));
        yield Sequence.list(items);
      }
      default ->
          throw new OutcropException(
              ModelError.TEMPLATE_FAILED,
              "a value of type " + data.getClass().getSimpleName() + " has no place in a template");
    };
  }
}
