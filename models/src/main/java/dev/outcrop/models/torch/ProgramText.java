package dev.outcrop.models.torch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * TorchScript text from resources, made to fit one model: {@code ${name}} becomes a value, and
 * lines between {@code #if flag} (or {@code #if !flag}), {@code #else} and {@code #end} stay only
 * where the flag is set. The TorchScript compiler thus sees constants and no branch that a model
 * never takes.
 */
final class ProgramText {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");

  private final Map<String, String> values = new HashMap<>();
  private final Set<String> known = new HashSet<>();
  private final Set<String> set = new HashSet<>();

  ProgramText value(String name, Object value) {
    values.put(name, value.toString());
    return this;
  }

  ProgramText flag(String name, boolean on) {
    known.add(name);
    if (on) {
      set.add(name);
    }
    return this;
  }

  /** A number as TorchScript writes it. */
  static String number(double value) {
    return Double.toString(value).toLowerCase(Locale.ROOT);
  }

  /** Reads resources of this package, one after the other, and specialises them. */
  String read(String... resources) {
    StringBuilder text = new StringBuilder();
    for (String resource : resources) {
      text.append(specialise(resource, content(resource)));
    }
    return text.toString();
  }

  String specialise(String source, String template) {
    StringBuilder text = new StringBuilder();
    Deque<Boolean> kept = new ArrayDeque<>(List.of(true));
    int number = 0;
    for (String line : template.lines().toList()) {
      number++;
      String word = line.strip();
      if (word.startsWith("#if ")) {
        kept.push(kept.element() && holds(source, number, word.substring(4).strip()));
      } else if (word.equals("#else")) {
        boolean taken = kept.pop();
        kept.push(kept.element() && !taken);
      } else if (word.equals("#end")) {
        kept.pop();
      } else if (kept.element() && !word.startsWith("#")) {
        text.append(filled(source, number, line)).append('\n');
      }
      if (kept.isEmpty()) {
        throw new IllegalArgumentException("%s:%d: #end without #if".formatted(source, number));
      }
    }
    if (kept.size() != 1) {
      throw new IllegalArgumentException("%s: #if without #end".formatted(source));
    }
    return text.toString();
  }

  private boolean holds(String source, int line, String condition) {
    boolean negated = condition.startsWith("!");
    String flag = negated ? condition.substring(1) : condition;
    if (!known.contains(flag)) {
      throw new IllegalArgumentException("%s:%d: unknown flag %s".formatted(source, line, flag));
    }
    return set.contains(flag) != negated;
  }

  private String filled(String source, int number, String line) {
    Matcher matcher = PLACEHOLDER.matcher(line);
    return matcher.replaceAll(
        match -> {
          String value = values.get(match.group(1));
          if (value == null) {
            throw new IllegalArgumentException(
                "%s:%d: unknown value %s".formatted(source, number, match.group(1)));
          }
          return Matcher.quoteReplacement(value);
        });
  }

  private static String content(String resource) {
    try (InputStream in = ProgramText.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("resource " + resource + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
