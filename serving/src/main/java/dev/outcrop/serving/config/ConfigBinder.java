package dev.outcrop.serving.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns a YAML tree into configuration records. A record's components are the keys, in kebab case;
 * what the file does not say comes from the record's constant {@code DEFAULT}. Unknown keys are
 * errors.
 */
final class ConfigBinder {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,12}) ?(ms|s|m|h)");

  private static final YamlNode ABSENT = new YamlNode.Scalar(null, 0);

  /** Keys without a default, which a file has to name. */
  private final Map<Class<?>, List<String>> required;

  ConfigBinder(Map<Class<?>, List<String>> required) {
    this.required = required;
  }

  /**
   * Binds a tree to a record; errors are {@link IllegalArgumentException}s that name key and line.
   */
  <R extends Record> R bind(YamlNode node, Class<R> type) {
    return record(node, "", type);
  }

  private <R extends Record> R record(YamlNode node, String path, Class<R> type) {
    if (!(node instanceof YamlNode.Mapping mapping)) {
      throw error(path, node.line(), "must be a mapping of keys");
    }
    RecordComponent[] components = type.getRecordComponents();
    checkKeys(mapping, path, Arrays.stream(components).map(ConfigBinder::key).toList());
    for (String key : required.getOrDefault(type, List.of())) {
      if (absent(mapping.entries().getOrDefault(key, ABSENT))) {
        throw error(
            join(path, key), mapping.keyLines().getOrDefault(key, mapping.line()), "is required");
      }
    }
    @Nullable Object[] values = new @Nullable Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String key = key(components[i]);
      YamlNode value = mapping.entries().getOrDefault(key, ABSENT);
      values[i] =
          absent(value)
              ? defaultOf(type, components[i])
              : value(value, join(path, key), components[i].getGenericType());
    }
    return create(type, components, values, path, mapping);
  }

  private static boolean absent(YamlNode value) {
    return value instanceof YamlNode.Scalar scalar && scalar.text() == null;
  }

  private static void checkKeys(YamlNode.Mapping mapping, String path, List<String> known) {
    for (String key : mapping.entries().keySet()) {
      if (!known.contains(key)) {
        throw error(
            join(path, key),
            mapping.keyLines().getOrDefault(key, mapping.line()),
            "is not a known key; did you mean %s?".formatted(Nearest.of(key, known)));
      }
    }
  }

  private Object value(YamlNode node, String path, Type type) {
    if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      if (!(node instanceof YamlNode.Sequence sequence)) {
        throw error(path, node.line(), "must be a list");
      }
      List<Object> items = new ArrayList<>();
      for (YamlNode item : sequence.items()) {
        items.add(value(item, path + "[" + items.size() + "]", list.getActualTypeArguments()[0]));
      }
      return items;
    }
    if (type instanceof Class<?> aClass && aClass.isRecord() && aClass != ByteSize.class) {
      return record(node, path, aClass.asSubclass(Record.class));
    }
    if (!(node instanceof YamlNode.Scalar(var text, _)) || text == null) {
      throw error(path, node.line(), "must be a single value");
    }
    try {
      return scalar(text, type);
    } catch (IllegalArgumentException e) {
      throw error(path, node.line(), e.getMessage() == null ? "is not valid" : e.getMessage());
    }
  }

  private static Object scalar(String text, Type type) {
    if (type == String.class) {
      return text;
    }
    if (type == int.class || type == Integer.class) {
      return integer(text);
    }
    if (type == double.class) {
      return number(text);
    }
    if (type == boolean.class) {
      if (!text.equals("true") && !text.equals("false")) {
        throw new IllegalArgumentException("must be true or false");
      }
      return text.equals("true");
    }
    if (type == Duration.class) {
      return duration(text);
    }
    if (type == ByteSize.class) {
      return ByteSize.parse(text);
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type == Secret.class) {
      return new Secret(text);
    }
    if (type == Instant.class) {
      return instant(text);
    }
    if (type instanceof Class<?> aClass && aClass.isEnum()) {
      return constant(text, aClass);
    }
    throw new IllegalStateException("no config value is a " + type.getTypeName());
  }

  private static int integer(String text) {
    try {
      return Integer.parseInt(text.replace("_", ""));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("must be an integer", e);
    }
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("must be a number", e);
    }
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("must be a time such as 2027-01-31T00:00:00Z", e);
    }
  }

  static Duration duration(String text) {
    Matcher form = DURATION.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!form.matches()) {
      throw new IllegalArgumentException("must be a duration such as 500ms, 30s, 5m or 1h");
    }
    long amount = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  private static Object constant(String text, Class<?> type) {
    List<String> names = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = constant.toString().toLowerCase(Locale.ROOT).replace('_', '-');
      if (name.equals(text)) {
        return constant;
      }
      names.add(name);
    }
    throw new IllegalArgumentException("must be one of " + names);
  }

  private static @Nullable Object defaultOf(Class<?> type, RecordComponent component) {
    try {
      Object defaults = type.getField("DEFAULT").get(null);
      return component.getAccessor().invoke(defaults);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " must have a public DEFAULT", e);
    }
  }

  private static <R extends Record> R create(
      Class<R> type,
      RecordComponent[] components,
      @Nullable Object[] values,
      String path,
      YamlNode.Mapping mapping) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return type.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException cause) {
        // The record says which key, by its own name; the line is that of the key where known.
        String message = inKeys(String.valueOf(cause.getMessage()), components);
        int end = message.indexOf(' ');
        String key = end < 0 ? message : message.substring(0, end);
        throw error(
            join(path, key),
            mapping.keyLines().getOrDefault(key, mapping.line()),
            end < 0 ? "is not valid" : message.substring(end + 1));
      }
      throw new IllegalStateException("cannot create " + type.getName(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot create " + type.getName(), e);
    }
  }

  /** A record's message with its components named as the file names them. */
  private static String inKeys(String message, RecordComponent[] components) {
    String inKeys = message;
    for (RecordComponent component : components) {
      inKeys = inKeys.replaceAll("\\b" + component.getName() + "\\b", key(component));
    }
    return inKeys;
  }

  private static String key(RecordComponent component) {
    return kebab(component.getName());
  }

  static String kebab(String name) {
    return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static IllegalArgumentException error(String path, int line, String what) {
    return new IllegalArgumentException(
        "line %d: %s %s".formatted(line, path.isEmpty() ? "the file" : path, what));
  }
}
