package dev.outcrop.k8s.external;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A label selector in the text form that Kubernetes' API takes: requirements with commas between
 * them, of which labels must meet all. Each is {@code k}, {@code !k}, {@code k=v}, {@code k==v},
 * {@code k!=v}, {@code k in (v,w)}, {@code k notin (v,w)}, {@code k>1} or {@code k<1}.
 */
final class LabelSelector {
  private static final int MAX_NAME = 63;
  private static final int MAX_PREFIX = 253;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");
  private static final Pattern PREFIX =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern WHOLE = Pattern.compile("[-+]?\\d{1,19}");

  /** A sign, or a word of all that is neither a sign nor a space. */
  private static final Pattern TOKEN = Pattern.compile("\\G\\s*(==|!=|[=!<>(),]|[^\\s=!<>(),]+)");

  private static final Set<String> SIGNS = Set.of("==", "!=", "=", "!", "<", ">", "(", ")", ",");

  private final List<Requirement> requirements;

  private LabelSelector(List<Requirement> requirements) {
    this.requirements = requirements;
  }

  private enum Operator {
    IN,
    NOT_IN,
    EXISTS,
    ABSENT,
    MORE,
    LESS
  }

  /** What is demanded of one label. */
  private record Requirement(String key, Operator operator, Set<String> values) {
    /** Whether a label's value does; null where there is no such label. */
    boolean isMetBy(@Nullable String value) {
      return switch (operator) {
        case IN -> value != null && values.contains(value);
        case NOT_IN -> value == null || !values.contains(value);
        case EXISTS -> value != null;
        case ABSENT -> value == null;
        case MORE -> compared(value) > 0;
        case LESS -> compared(value) < 0;
      };
    }

    /** 0 where the label is no number. */
    private int compared(@Nullable String value) {
      return value == null || !WHOLE.matcher(value).matches()
          ? 0
          : new BigInteger(value).compareTo(new BigInteger(values.iterator().next()));
    }
  }

  /**
   * Reads a selector; one of nothing selects all.
   *
   * @throws IllegalArgumentException where it is none; it says why
   */
  static LabelSelector parse(@Nullable String text) {
    return new LabelSelector(text == null ? List.of() : new Parser(text).all());
  }

  /** Whether it selects what has these labels. */
  boolean matches(Map<String, String> labels) {
    return requirements.stream().allMatch(each -> each.isMetBy(labels.get(each.key)));
  }

  private static final class Parser {
    private final List<String> tokens = new ArrayList<>();
    private int next;

    Parser(String text) {
      Matcher matcher = TOKEN.matcher(text);
      int end = 0;
      while (matcher.find()) {
        tokens.add(matcher.group(1));
        end = matcher.end();
      }
      if (!text.substring(end).isBlank()) {
        throw bad("'%s' cannot be read".formatted(text.substring(end)));
      }
    }

    List<Requirement> all() {
      List<Requirement> all = new ArrayList<>();
      if (tokens.isEmpty()) {
        return all;
      }
      all.add(requirement());
      while (next < tokens.size()) {
        expect(",");
        all.add(requirement());
      }
      return all;
    }

    private Requirement requirement() {
      if (takes("!")) {
        return new Requirement(key(), Operator.ABSENT, Set.of());
      }
      String key = key();
      if (next == tokens.size() || tokens.get(next).equals(",")) {
        return new Requirement(key, Operator.EXISTS, Set.of());
      }
      String operator = tokens.get(next++);
      return switch (operator) {
        case "=", "==" -> new Requirement(key, Operator.IN, Set.of(value()));
        case "!=" -> new Requirement(key, Operator.NOT_IN, Set.of(value()));
        case "in" -> new Requirement(key, Operator.IN, values());
        case "notin" -> new Requirement(key, Operator.NOT_IN, values());
        case ">" -> new Requirement(key, Operator.MORE, Set.of(number()));
        case "<" -> new Requirement(key, Operator.LESS, Set.of(number()));
        default -> throw bad("'%s' after '%s' is no operator".formatted(operator, key));
      };
    }

    private Set<String> values() {
      expect("(");
      if (takes(")")) {
        throw bad("there is nothing between the parentheses");
      }
      Set<String> values = new LinkedHashSet<>();
      do {
        values.add(value());
      } while (takes(","));
      expect(")");
      return values;
    }

    private String number() {
      String value = value();
      if (!WHOLE.matcher(value).matches()) {
        throw bad("'%s' is no whole number".formatted(value));
      }
      return value;
    }

    /** A word, or nothing. */
    private String value() {
      String value =
          next < tokens.size() && !SIGNS.contains(tokens.get(next)) ? tokens.get(next++) : "";
      if (!value.isEmpty() && (value.length() > MAX_NAME || !NAME.matcher(value).matches())) {
        throw bad(
            "'%s' is no value of a label: letters, digits, '-', '_' and '.', at most %d"
                .formatted(value, MAX_NAME));
      }
      return value;
    }

    private String key() {
      if (next == tokens.size() || SIGNS.contains(tokens.get(next))) {
        throw bad("a label's key is missing");
      }
      String key = tokens.get(next++);
      int slash = key.indexOf('/');
      String prefix = slash < 0 ? "" : key.substring(0, slash);
      String name = key.substring(slash + 1);
      if (name.length() > MAX_NAME
          || !NAME.matcher(name).matches()
          || (slash >= 0 && (prefix.length() > MAX_PREFIX || !PREFIX.matcher(prefix).matches()))) {
        throw bad("'%s' is no key of a label".formatted(key));
      }
      return key;
    }

    private boolean takes(String sign) {
      boolean there = next < tokens.size() && tokens.get(next).equals(sign);
      next += there ? 1 : 0;
      return there;
    }

    private void expect(String sign) {
      if (!takes(sign)) {
        throw bad(
            "'%s' is expected %s"
                .formatted(
                    sign,
                    next < tokens.size()
                        ? "before '%s'".formatted(tokens.get(next))
                        : "at the end"));
      }
    }

    private static IllegalArgumentException bad(String reason) {
      return new IllegalArgumentException("labelSelector: " + reason);
    }
  }
}
