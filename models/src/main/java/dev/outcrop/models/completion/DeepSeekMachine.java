package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * DeepSeek's calls between tokens of their own: {@code function}, separator, name and a fenced
 * block of JSON (V3, R1), or name, separator and JSON (V3.1).
 */
final class DeepSeekMachine implements Machine {
  static final String CALLS = "<\uff5ctool\u2581calls\u2581begin\uff5c>";
  static final String CALLS_END = "<\uff5ctool\u2581calls\u2581end\uff5c>";
  static final String CALL = "<\uff5ctool\u2581call\u2581begin\uff5c>";
  static final String CALL_END = "<\uff5ctool\u2581call\u2581end\uff5c>";
  static final String SEPARATOR = "<\uff5ctool\u2581sep\uff5c>";
  private static final String FENCE = "```json";

  private static final List<String> OPENING = List.of(CALLS);
  private static final List<String> NEXT = List.of(CALL, CALLS_END);
  private static final List<String> BEHIND_KIND = List.of(SEPARATOR);
  private static final List<String> CLOSING = List.of(CALL_END, CALL, CALLS_END);

  private enum At {
    TEXT,
    CALLS,
    KIND,
    NAME,
    FENCE,
    ARGUMENTS,
    CLOSING,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final Prose prose;
  private final StringBuilder source = new StringBuilder();
  private final StringBuilder word = new StringBuilder();
  private JsonArguments arguments;
  private boolean fenced;
  private At at = At.TEXT;

  DeepSeekMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    prose = new Prose(out);
    arguments = new JsonArguments(out, "", null, source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of(CALLS, CALLS_END, CALL, CALL_END, SEPARATOR);
  }

  @Override
  public List<String> markers() {
    return switch (at) {
      case TEXT -> OPENING;
      case CALLS -> NEXT;
      case KIND -> BEHIND_KIND;
      case NAME, FENCE, ARGUMENTS -> List.of();
      case CLOSING, REJECTED -> CLOSING;
    };
  }

  @Override
  public void character(char c) {
    switch (at) {
      case TEXT -> prose.character(c);
      case CALLS -> blank(c, At.CALLS);
      case KIND -> word(c, At.KIND);
      case NAME -> {
        if (c == '\n' && !word.isEmpty()) {
          source.append(c);
          fenced = true;
          called(word.toString().strip());
        } else if (c == '{' && word.toString().isBlank()) {
          // No name after the separator: what came before it was the name.
          called("function");
          if (at == At.FENCE) {
            fenced = false;
            at = At.ARGUMENTS;
            step(arguments.accept(c));
          } else {
            out.malformed("{", Fault.NOT_A_CALL);
          }
        } else {
          word(c, At.NAME);
        }
      }
      case FENCE -> fence(c);
      case ARGUMENTS -> step(arguments.accept(c));
      case CLOSING -> {
        if (Character.isWhitespace(c) || (fenced && c == '`')) {
          out.syntax(c);
        } else {
          source.append(c);
          reject(Fault.NOT_A_CALL);
        }
      }
      case REJECTED -> out.malformed(String.valueOf(c), Fault.NOT_A_CALL);
    }
  }

  @Override
  public void marker(String marker) {
    if (marker.equals(CALLS)) {
      leave();
      source.append(prose.takeSpace()).append(CALLS);
      at = At.CALLS;
    } else if (marker.equals(CALL)) {
      if (at == At.TEXT) {
        source.append(prose.takeSpace());
      } else if (at != At.CALLS) {
        leave();
      }
      source.append(CALL);
      word.setLength(0);
      fenced = false;
      at = At.KIND;
    } else if (marker.equals(SEPARATOR) && at == At.KIND) {
      separator();
    } else if (marker.equals(CALL_END) && at == At.CLOSING) {
      out.syntax(CALL_END);
      at = At.CALLS;
    } else if (marker.equals(CALLS_END) && (at == At.CLOSING || at == At.CALLS)) {
      out.syntax(source.append(CALLS_END));
      source.setLength(0);
      at = At.TEXT;
    } else if (at == At.TEXT) {
      prose.text(marker);
    } else {
      source.append(marker);
      reject(Fault.UNCLOSED);
      at = marker.equals(CALLS_END) ? At.TEXT : marker.equals(CALL_END) ? At.CALLS : at;
    }
  }

  private void separator() {
    source.append(SEPARATOR);
    String kind = word.toString().strip();
    word.setLength(0);
    if (kind.equals("function")) {
      at = At.NAME;
      return;
    }
    called(kind);
    if (at == At.FENCE) {
      at = At.ARGUMENTS;
    }
  }

  @Override
  public void end() {
    leave();
    prose.end();
  }

  /** Gives up a call that is not whole. */
  private void leave() {
    if (at == At.CALLS) {
      out.syntax(source);
      source.setLength(0);
    } else if (at != At.TEXT && at != At.CLOSING && at != At.REJECTED) {
      reject(Fault.UNCLOSED);
    }
  }

  private void called(String name) {
    if (!offered.contains(name)) {
      reject(name.isEmpty() ? Fault.NOT_A_CALL : Fault.UNKNOWN_TOOL);
      return;
    }
    arguments = new JsonArguments(out, name, null, source);
    word.setLength(0);
    at = At.FENCE;
  }

  private void fence(char c) {
    if (c == '{') {
      at = At.ARGUMENTS;
      step(arguments.accept(c));
    } else if (Character.isWhitespace(c)) {
      blank(c, At.FENCE);
    } else if (word.length() < FENCE.length() && c == FENCE.charAt(word.length())) {
      word.append(c);
      source.append(c);
    } else {
      source.append(c);
      reject(Fault.NOT_A_CALL);
    }
  }

  private void word(char c, At here) {
    source.append(c);
    word.append(c);
    at = here;
    if (!Calls.isNameCharacter(c) && !Character.isWhitespace(c)) {
      reject(Fault.NOT_A_CALL);
    } else if (word.length() > Calls.MOST_NAME) {
      reject(Fault.TOO_LONG);
    }
  }

  private void blank(char c, At here) {
    source.append(c);
    at = here;
    if (!Character.isWhitespace(c)) {
      reject(Fault.NOT_A_CALL);
    } else if (source.length() > Calls.MOST_HEAD) {
      reject(Fault.TOO_LONG);
    }
  }

  private void step(Step step) {
    switch (step) {
      case MORE -> {}
      case WHOLE -> {
        prose.afterCall();
        at = At.CLOSING;
      }
      case FAULT -> reject(Fault.BAD_ARGUMENTS);
    }
  }

  private void reject(Fault fault) {
    out.malformed(source, fault);
    source.setLength(0);
    at = At.REJECTED;
  }
}
