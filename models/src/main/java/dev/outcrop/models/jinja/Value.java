package dev.outcrop.models.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value of the template language, which has Python's types. Strings and numbers know whether a
 * request wrote them; booleans and None are words of the interpreter.
 */
public sealed interface Value {

  /**
   * What a missing name or attribute is: prints as nothing, is false, and fails when used further.
   *
   * @param message what is missing, in words of the template
   */
  record Undefined(String message) implements Value {}

  /** Python's None. */
  enum None implements Value {
    NONE
  }

  /** True and False. */
  enum Bool implements Value {
    FALSE,
    TRUE;

    /** The constant for a boolean. */
    public static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }
  }

  /** A whole number. */
  record Int(BigInteger value, boolean trusted) implements Value {
    /** A number that the interpreter made. */
    static Int of(long value) {
      return new Int(BigInteger.valueOf(value), true);
    }
  }

  /** A floating-point number. */
  record Real(double value, boolean trusted) implements Value {}

  /**
   * A string.
   *
   * @param text its characters
   * @param markup whether it went through {@code safe} or {@code escape}: adding to it escapes
   */
  record Str(Text text, boolean markup) implements Value {
    Str(Text text) {
      this(text, false);
    }

    /** A string that the checkpoint wrote. */
    public static Str trusted(String chars) {
      return new Str(Text.trusted(chars), false);
    }

    String chars() {
      return text.chars();
    }
  }

  /** What a sequence is to Python. */
  enum Kind {
    LIST("list"),
    TUPLE("tuple"),
    RANGE("range"),
    KEYS("dict_keys"),
    VALUES("dict_values"),
    ITEMS("dict_items");

    private final String python;

    Kind(String python) {
      this.python = python;
    }

    String python() {
      return python;
    }

    boolean indexed() {
      return this == LIST || this == TUPLE || this == RANGE;
    }
  }

  /** A list, a tuple, or a view that behaves like one. */
  record Sequence(Kind kind, List<Value> items) implements Value {
    static Sequence list(List<Value> items) {
      return new Sequence(Kind.LIST, items);
    }

    static Sequence tuple(Value... items) {
      return new Sequence(Kind.TUPLE, List.of(items));
    }
  }

  /** A dictionary; keys keep their order and their origin. Filled before it is shared. */
  final class Dict implements Value {
    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    record Entry(Value key, Value value) {}

    /** Adds or replaces; a replaced value keeps the first key, as in Python. */
    Dict put(Value key, Value value, Budget budget) {
      budget.spendLookup(key, entries.size());
      budget.allocate(Budget.ENTRY);
      Object hash = Comparing.hashKey(key, budget);
      Entry old = entries.get(hash);
      entries.put(hash, new Entry(old == null ? key : old.key(), value));
      return this;
    }

    @Nullable Value get(Value key, Budget budget) {
      budget.spendLookup(key, entries.size());
      Entry entry = entries.get(Comparing.hashKey(key, budget));
      return entry == null ? null : entry.value();
    }

    @Nullable Value get(String key) {
      Entry entry = entries.get(key);
      return entry == null ? null : entry.value();
    }

    /** Adds or replaces the value of a string. */
    Dict put(Text key, Value value) {
      Entry old = entries.get(key.chars());
      entries.put(key.chars(), new Entry(old == null ? new Str(key) : old.key(), value));
      return this;
    }

    void remove(String key) {
      entries.remove(key);
    }

    int size() {
      return entries.size();
    }

    Iterable<Entry> entries() {
      return entries.values();
    }

    List<Value> keys() {
      List<Value> keys = new ArrayList<>(entries.size());
      entries.values().forEach(entry -> keys.add(entry.key()));
      return keys;
    }
  }

  /** A Python generator: can be walked once, has no length and no index. */
  final class Generator implements Value {
    private List<Value> items;

    Generator(List<Value> items) {
      this.items = items;
    }

    List<Value> drain() {
      List<Value> rest = items;
      items = List.of();
      return rest;
    }
  }

  /** What {@code namespace()} makes: the one value that a template can change. */
  final class Namespace implements Value {
    final Dict attributes = new Dict();
  }

  /** Something that can be called. */
  non-sealed interface Function extends Value {
    /** Calls it. */
    Value call(Evaluator evaluator, Arguments arguments);

    /** Its attribute of that name, or null where it has none. */
    default @Nullable Value attribute(String name, Budget budget) {
      return null;
    }

    /** How Python prints it, where that is the same in every run. */
    default @Nullable String shown() {
      return null;
    }
  }

  /** The variable {@code loop}. */
  final class Loop implements Value {
    final List<Value> items;
    final int depth;
    private final @Nullable Function recursion;
    int index;
    private @Nullable Value lastChanged;

    Loop(List<Value> items, int depth, @Nullable Function recursion) {
      this.items = items;
      this.depth = depth;
      this.recursion = recursion;
    }

    @Nullable Function recursion() {
      return recursion;
    }

    @Nullable Value get(String name) {
      int length = items.size();
      return switch (name) {
        case "index" -> Int.of(index + 1);
        case "index0" -> Int.of(index);
        case "revindex" -> Int.of(length - index);
        case "revindex0" -> Int.of(length - index - 1);
        case "first" -> Bool.of(index == 0);
        case "last" -> Bool.of(index == length - 1);
        case "length" -> Int.of(length);
        case "depth" -> Int.of(depth);
        case "depth0" -> Int.of(depth - 1);
        case "previtem" ->
            index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
        case "nextitem" ->
            index == length - 1 ? new Undefined("there is no next item") : items.get(index + 1);
        case "cycle" -> (Function) (evaluator, arguments) -> cycle(arguments);
        case "changed" ->
            (Function)
                (evaluator, arguments) -> {
                  Value now = Sequence.list(arguments.positional());
                  boolean same =
                      lastChanged != null && Comparing.equal(lastChanged, now, evaluator.budget());
                  lastChanged = now;
                  return Bool.of(!same);
                };
        default -> null;
      };
    }

    private Value cycle(Arguments arguments) {
      List<Value> choices = arguments.positional();
      if (choices.isEmpty()) {
        throw new Failure("loop.cycle needs something to choose from");
      }
      return choices.get(index % choices.size());
    }
  }
}
