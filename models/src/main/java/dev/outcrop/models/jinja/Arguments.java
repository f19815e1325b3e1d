package dev.outcrop.models.jinja;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call.
 *
 * @param positional in order
 * @param named by name; names from a request stay marked as such
 */
record Arguments(List<Value> positional, Value.Dict named) {
  static final Arguments NONE = new Arguments(List.of(), new Value.Dict());

  static Arguments of(Value... values) {
    return new Arguments(List.of(values), new Value.Dict());
  }

  /** The arguments after the first few. */
  Arguments skip(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  /**
   * Gives each parameter its argument, null where there is none.
   *
   * @param function the called function's name, for messages
   * @param required how many parameters need an argument
   */
  @Nullable Value[] bind(String function, int required, String... names) {
    if (positional.size() > names.length) {
      throw new Failure(
          "'%s' takes at most %d arguments, not %d"
              .formatted(function, names.length, positional.size()));
    }
    @Nullable Value[] bound = Arrays.copyOf(positional.toArray(new Value[0]), names.length);
    int used = 0;
    for (int i = 0; i < names.length; i++) {
      Value value = named.get(names[i]);
      if (value != null) {
        if (i < positional.size()) {
          throw new Failure("'" + function + "' is given '" + names[i] + "' twice");
        }
        bound[i] = value;
        used++;
      }
      if (i < required && bound[i] == null) {
        throw new Failure("'" + function + "' needs the argument '" + names[i] + "'");
      }
    }
    if (used < named.size()) {
      throw new Failure("'" + function + "' is given an argument that it does not know");
    }
    return bound;
  }

  /** Gives the arguments of a function that takes no names. */
  @Nullable Value[] positional(String function, int required, int most) {
    if (named.size() > 0) {
      throw new Failure("'" + function + "' takes no named arguments");
    }
    if (positional.size() < required || positional.size() > most) {
      throw new Failure(
          "'%s' takes %d to %d arguments, not %d"
              .formatted(function, required, most, positional.size()));
    }
    @Nullable Value[] bound = Arrays.copyOf(positional.toArray(new Value[0]), most);
    return bound;
  }
}
