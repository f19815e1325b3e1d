package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A call written as one JSON object with the members {@code name} and {@code arguments} or {@code
 * parameters}, in any order, among others. The arguments are handed on as they come once the name
 * is known; a string that holds the object is as good. For one call and one thread.
 */
final class CallBody {
  /** The members that calls have in the wild. */
  private static final Set<String> MEMBERS =
      Set.of("name", "arguments", "parameters", "id", "type");

  private enum In {
    OUTSIDE,
    KEY,
    STRING,
    OTHER,
    ARGUMENTS,
    EARLY_ARGUMENTS,
    ENCODED_ARGUMENTS
  }

  private final Parts out;
  private final Set<String> offered;
  private final boolean membersAlone;
  private final StringBuilder source;
  private final JsonChecker json = new JsonChecker();
  private final StringBuilder token = new StringBuilder();
  private final Unescape unescape = new Unescape();
  private @Nullable JsonChecker encoded;
  private In in = In.OUTSIDE;
  private String key = "";
  private @Nullable String name;
  private @Nullable String id;
  private boolean argumentsSeen;
  private boolean started;
  private int earlyStart;
  private int earlyEnd;
  private Fault fault = Fault.NOT_A_CALL;

  /**
   * Prepares for one call.
   *
   * @param offered the tools that may be called
   * @param membersAlone whether an object with another member than calls have is none
   * @param source what came since the call began and was not handed on
   */
  CallBody(Parts out, Set<String> offered, boolean membersAlone, StringBuilder source) {
    this.out = out;
    this.offered = offered;
    this.membersAlone = membersAlone;
    this.source = source;
  }

  /** Takes the next character, the opening brace first. */
  Step accept(char c) {
    if (in == In.ARGUMENTS) {
      return arguments(c);
    }
    boolean wasString = json.inString();
    boolean wasBeforeValue = json.beforeValue();
    source.append(c);
    if (!json.accept(c)) {
      return fault(started ? Fault.BAD_ARGUMENTS : Fault.NOT_A_CALL);
    }
    if (source.length() > Calls.MOST_HEAD) {
      return fault(Fault.TOO_LONG);
    }
    return switch (in) {
      case OUTSIDE -> {
        if (json.whole()) {
          yield whole();
        }
        if (!wasString && json.inString() && json.key()) {
          in = In.KEY;
          token.setLength(0);
        } else if (wasBeforeValue && !json.beforeValue()) {
          yield value(c);
        }
        yield Step.MORE;
      }
      case KEY -> json.inString() ? collect(c) : key();
      case STRING -> json.inString() ? collect(c) : string();
      case OTHER, EARLY_ARGUMENTS -> {
        if (json.depth() == 1 && !json.inString()) {
          earlyEnd = in == In.EARLY_ARGUMENTS ? source.length() : earlyEnd;
          in = In.OUTSIDE;
        }
        yield Step.MORE;
      }
      case ENCODED_ARGUMENTS -> encoded(c);
      case ARGUMENTS -> throw new IllegalStateException("handled above");
    };
  }

  /** What is wrong after a fault. */
  Fault fault() {
    return fault;
  }

  /** Whether it is a call of an offered tool, though perhaps not whole. */
  boolean called() {
    return name != null && offered.contains(name);
  }

  private Step arguments(char c) {
    if (!json.accept(c)) {
      source.append(c);
      return fault(Fault.BAD_ARGUMENTS);
    }
    out.arguments(c);
    if (json.depth() == 1) {
      in = In.OUTSIDE;
    }
    return Step.MORE;
  }

  private Step collect(char c) {
    token.append(c);
    return Step.MORE;
  }

  private Step key() {
    key = Unescape.all(token);
    in = In.OUTSIDE;
    return membersAlone && !MEMBERS.contains(key) ? fault(Fault.NOT_A_CALL) : Step.MORE;
  }

  /** The first character of a member's value. */
  private Step value(char c) {
    boolean isArguments = key.equals("arguments") || key.equals("parameters");
    if (isArguments && argumentsSeen) {
      return fault(Fault.BAD_ARGUMENTS);
    }
    argumentsSeen |= isArguments;
    if (key.equals("name") && (c != '"' || name != null)) {
      return fault(Fault.NOT_A_CALL);
    }
    return switch (c) {
      case '{', '[' -> {
        in = In.OTHER;
        yield isArguments ? object(c) : Step.MORE;
      }
      case '"' -> {
        token.setLength(0);
        in = isArguments ? In.ENCODED_ARGUMENTS : In.STRING;
        yield isArguments && name == null ? fault(Fault.BAD_ARGUMENTS) : Step.MORE;
      }
      default -> isArguments && c != 'n' ? fault(Fault.BAD_ARGUMENTS) : Step.MORE;
    };
  }

  private Step object(char c) {
    if (c != '{') {
      return fault(Fault.BAD_ARGUMENTS);
    }
    if (name == null) {
      in = In.EARLY_ARGUMENTS;
      earlyStart = source.length() - 1;
      return Step.MORE;
    }
    source.setLength(source.length() - 1);
    start(name);
    out.arguments(c);
    in = In.ARGUMENTS;
    return Step.MORE;
  }

  private Step string() {
    in = In.OUTSIDE;
    if (key.equals("id")) {
      id = Unescape.all(token);
    }
    if (!key.equals("name")) {
      return Step.MORE;
    }
    String called = Unescape.all(token);
    name = called;
    if (!offered.contains(called)) {
      return fault(Fault.UNKNOWN_TOOL);
    }
    if (earlyEnd > 0) {
      String early = source.substring(earlyStart, earlyEnd);
      String rest = source.substring(earlyEnd);
      source.setLength(earlyStart);
      start(called);
      out.arguments(early, early);
      source.append(rest);
    }
    return Step.MORE;
  }

  private Step encoded(char c) {
    if (!json.inString()) {
      in = In.OUTSIDE;
      return encoded != null && encoded.whole() ? Step.MORE : fault(Fault.BAD_ARGUMENTS);
    }
    int plain = unescape.accept(c);
    if (plain < 0) {
      return Step.MORE;
    }
    if (Character.isWhitespace(plain) && (encoded == null || encoded.whole())) {
      return Step.MORE;
    }
    if (encoded == null) {
      encoded = new JsonChecker();
      String last = source.substring(source.length() - 1);
      source.setLength(source.length() - 1);
      if (plain != '{') {
        source.append(last);
        return fault(Fault.BAD_ARGUMENTS);
      }
      start(Objects.requireNonNull(name));
      source.append(last);
    }
    if (!encoded.accept((char) plain)) {
      return fault(Fault.BAD_ARGUMENTS);
    }
    out.arguments(String.valueOf((char) plain), source);
    source.setLength(0);
    return Step.MORE;
  }

  private Step whole() {
    if (name == null) {
      return fault(Fault.NOT_A_CALL);
    }
    if (!started) {
      start(name);
      out.arguments("{}", "");
    }
    out.end(source);
    source.setLength(0);
    return Step.WHOLE;
  }

  private void start(String called) {
    started = true;
    out.start(called, id, source);
    source.setLength(0);
  }

  private Step fault(Fault why) {
    fault = why;
    return Step.FAULT;
  }
}
