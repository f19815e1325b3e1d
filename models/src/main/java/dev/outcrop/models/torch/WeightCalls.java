package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;

/**
 * What takes the calls that give a program its weights: the program itself, or whoever writes them
 * down for one that is loaded elsewhere.
 */
@FunctionalInterface
interface WeightCalls {
  /**
   * Takes a call, of a method whose result nobody reads.
   *
   * @param arguments strings, longs, {@code long[]} for lists of int, and lists of these for lists
   *     of lists
   */
  void call(String method, Object... arguments);

  /** Calls a program at once. */
  static WeightCalls of(TorchProgram program) {
    return (method, arguments) ->
        program.run(
            method, Arrays.stream(arguments).map(WeightCalls::value).toArray(IValue[]::new));
  }

  private static IValue value(Object argument) {
    return switch (argument) {
      case String text -> IValue.from(text);
      case Long number -> IValue.from(number);
      case long[] numbers -> IValue.listFrom(numbers);
      case List<?> lists -> {
        IValue[] values = lists.stream().map(WeightCalls::value).toArray(IValue[]::new);
        IValue list = IValue.listFrom(values);
        for (IValue value : values) {
          value.close();
        }
        yield list;
      }
      default -> throw new IllegalArgumentException("no argument of " + argument.getClass());
    };
  }
}
