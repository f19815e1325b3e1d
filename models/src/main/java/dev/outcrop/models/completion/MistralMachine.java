package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * {@code [TOOL_CALLS]} and a JSON list of calls (Mistral 7B v0.3 to Nemo and Small 3), or a name,
 * {@code [ARGS]} and the arguments (tokenizer v11 and later, with or without {@code [CALL_ID]}).
 */
final class MistralMachine implements Machine {
  private static final String CALLS = "[TOOL_CALLS]";
  private static final String CALL_ID = "[CALL_ID]";
  private static final String ARGS = "[ARGS]";

  private static final List<String> OPENING = List.of(CALLS);
  private static final List<String> BEHIND_NAME = List.of(ARGS, CALL_ID);
  private static final List<String> BEHIND_ID = List.of(ARGS);

  private enum At {
    TEXT,
    OPENED,
    LIST,
    OBJECT,
    BETWEEN,
    NAME,
    AFTER_NAME,
    ID,
    ARGUMENTS,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final Prose prose;
  private final StringBuilder source = new StringBuilder();
  private final StringBuilder name = new StringBuilder();
  private final StringBuilder id = new StringBuilder();
  private CallBody body;
  private JsonArguments arguments;
  private boolean list;
  private At at = At.TEXT;

  MistralMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    prose = new Prose(out);
    body = new CallBody(out, offered, false, source);
    arguments = new JsonArguments(out, "", null, source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of(CALLS, CALL_ID, ARGS);
  }

  @Override
  public List<String> markers() {
    return switch (at) {
      case TEXT, REJECTED -> OPENING;
      case NAME, AFTER_NAME -> BEHIND_NAME;
      case ID -> BEHIND_ID;
      case OPENED, LIST, OBJECT, BETWEEN, ARGUMENTS -> List.of();
    };
  }

  @Override
  public void character(char c) {
    switch (at) {
      case TEXT -> prose.character(c);
      case OPENED -> {
        if (c == '[') {
          list = true;
          take(c, At.LIST);
        } else if (c == '{') {
          list = false;
          object(c);
        } else if (Calls.isNameCharacter(c)) {
          name.append(c);
          take(c, At.NAME);
        } else {
          blank(c);
        }
      }
      case LIST -> {
        if (c == '{') {
          object(c);
        } else {
          blank(c);
        }
      }
      case OBJECT -> step(body.accept(c), body.fault());
      case BETWEEN -> {
        switch (c) {
          case ',' -> take(c, At.LIST);
          case ']' -> {
            out.syntax(source.append(c));
            source.setLength(0);
            at = At.TEXT;
          }
          default -> blank(c);
        }
      }
      case NAME, AFTER_NAME -> named(c);
      case ID -> {
        id.append(c);
        take(c, At.ID);
        if (!Character.isLetterOrDigit(c) && !Character.isWhitespace(c) && c != '-' && c != '_') {
          reject(Fault.NOT_A_CALL);
        } else if (id.length() > Calls.MOST_NAME) {
          reject(Fault.TOO_LONG);
        }
      }
      case ARGUMENTS -> step(arguments.accept(c), Fault.BAD_ARGUMENTS);
      case REJECTED -> out.malformed(String.valueOf(c), Fault.NOT_A_CALL);
    }
  }

  @Override
  public void marker(String marker) {
    boolean named = at == At.NAME || at == At.AFTER_NAME;
    if (marker.equals(CALLS)) {
      if (at == At.BETWEEN) {
        out.syntax(source);
        source.setLength(0);
      } else if (at != At.TEXT && at != At.REJECTED) {
        reject(Fault.UNCLOSED);
      }
      source.append(prose.takeSpace()).append(CALLS);
      name.setLength(0);
      id.setLength(0);
      at = At.OPENED;
    } else if (marker.equals(ARGS) && (named || at == At.ID)) {
      source.append(ARGS);
      arguments();
    } else if (marker.equals(CALL_ID) && named) {
      source.append(CALL_ID);
      at = At.ID;
    } else if (at == At.TEXT) {
      prose.text(marker);
    } else {
      source.append(marker);
      reject(Fault.NOT_A_CALL);
    }
  }

  @Override
  public void end() {
    if (at == At.BETWEEN) {
      // The list was not closed, but its calls are whole.
      out.syntax(source);
    } else if (at != At.TEXT && at != At.REJECTED) {
      reject(Fault.UNCLOSED);
    }
    prose.end();
  }

  private void named(char c) {
    if (c == '{') {
      arguments();
      if (at == At.ARGUMENTS) {
        step(arguments.accept(c), Fault.BAD_ARGUMENTS);
      } else {
        out.malformed("{", Fault.NOT_A_CALL);
      }
    } else if (Calls.isNameCharacter(c) && at == At.NAME) {
      name.append(c);
      take(c, At.NAME);
      if (name.length() > Calls.MOST_NAME) {
        reject(Fault.TOO_LONG);
      }
    } else if (blank(c)) {
      at = At.AFTER_NAME;
    }
  }

  private void arguments() {
    if (!offered.contains(name.toString())) {
      reject(Fault.UNKNOWN_TOOL);
      return;
    }
    String given = id.toString().strip();
    arguments = new JsonArguments(out, name.toString(), given.isEmpty() ? null : given, source);
    at = At.ARGUMENTS;
  }

  private void object(char c) {
    body = new CallBody(out, offered, false, source);
    at = At.OBJECT;
    step(body.accept(c), body.fault());
  }

  private void step(Step step, Fault fault) {
    switch (step) {
      case MORE -> {}
      case WHOLE -> {
        prose.afterCall();
        at = at == At.OBJECT && list ? At.BETWEEN : At.TEXT;
      }
      case FAULT -> reject(fault);
    }
  }

  private void take(char c, At next) {
    source.append(c);
    at = next;
  }

  private boolean blank(char c) {
    source.append(c);
    if (!Character.isWhitespace(c)) {
      reject(Fault.NOT_A_CALL);
      return false;
    }
    if (source.length() > Calls.MOST_HEAD) {
      reject(Fault.TOO_LONG);
      return false;
    }
    return true;
  }

  private void reject(Fault fault) {
    out.malformed(source, fault);
    source.setLength(0);
    at = At.REJECTED;
  }
}
