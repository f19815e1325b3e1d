package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * Calls as a Python list, {@code [f(a=1), g(b="x")]}: Llama 3.2 and 4 where the prompt asks for it,
 * with or without {@code <|python_start|>} and {@code <|python_end|>}. A list that does not start
 * with a call of an offered tool is text.
 */
final class PythonicMachine implements Machine {
  static final String START = "<|python_start|>";
  private static final String END = "<|python_end|>";

  private static final List<String> TAGS = List.of(START, END, LlamaMachine.TAG);

  private enum At {
    START,
    LIST,
    NAME,
    ARGUMENTS,
    AFTER_CALL,
    TEXT,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final Prose prose;
  private final StringBuilder source = new StringBuilder();
  private final StringBuilder name = new StringBuilder();
  private PythonArguments arguments;
  private boolean announced;
  private At at = At.START;

  PythonicMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    prose = new Prose(out);
    arguments = new PythonArguments(new Parts(), source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of(START, END, LlamaMachine.TAG);
  }

  @Override
  public List<String> markers() {
    return at == At.ARGUMENTS ? List.of() : TAGS;
  }

  @Override
  public void character(char c) {
    switch (at) {
      case START -> {
        source.append(c);
        if (c == '[') {
          at = At.LIST;
        } else if (!Character.isWhitespace(c) || source.length() == Prose.MOST_SPACE) {
          none(Fault.NOT_A_CALL);
        }
      }
      case LIST, NAME -> name(c);
      case ARGUMENTS -> {
        switch (arguments.accept(c)) {
          case MORE -> {}
          case WHOLE -> {
            out.end(source);
            source.setLength(0);
            prose.afterCall();
            announced = true;
            at = At.AFTER_CALL;
          }
          case FAULT -> none(Fault.BAD_ARGUMENTS);
        }
      }
      case AFTER_CALL -> {
        source.append(c);
        if (c == ',') {
          at = At.LIST;
        } else if (c == ']') {
          syntax();
          at = At.TEXT;
        } else if (!Character.isWhitespace(c) || source.length() > Calls.MOST_HEAD) {
          none(Fault.NOT_A_CALL);
        }
      }
      case TEXT -> prose.character(c);
      case REJECTED -> out.malformed(String.valueOf(c), Fault.NOT_A_CALL);
    }
  }

  @Override
  public void marker(String marker) {
    switch (at) {
      case START -> {}
      case TEXT -> source.append(prose.takeSpace());
      case LIST, NAME, ARGUMENTS, AFTER_CALL -> {
        source.append(marker);
        none(Fault.UNCLOSED);
        return;
      }
      case REJECTED -> {
        out.malformed(marker, Fault.NOT_A_CALL);
        return;
      }
    }
    source.append(marker);
    syntax();
    announced = !marker.equals(END);
    at = announced ? At.START : At.TEXT;
  }

  @Override
  public void end() {
    switch (at) {
      case START -> {
        if (announced) {
          out.syntax(source);
        } else {
          out.text(source);
        }
      }
      case LIST, NAME, ARGUMENTS, AFTER_CALL -> none(Fault.UNCLOSED);
      case TEXT -> prose.end();
      case REJECTED -> {}
    }
    source.setLength(0);
  }

  private void name(char c) {
    source.append(c);
    if (at == At.NAME && c == '(') {
      if (!offered.contains(name.toString())) {
        none(Fault.UNKNOWN_TOOL);
        return;
      }
      out.start(name.toString(), null, source);
      source.setLength(0);
      arguments = new PythonArguments(out, source);
      at = At.ARGUMENTS;
    } else if (Calls.isNameCharacter(c)) {
      if (at == At.LIST) {
        name.setLength(0);
      }
      name.append(c);
      at = At.NAME;
      if (name.length() > Calls.MOST_NAME) {
        none(Fault.TOO_LONG);
      }
    } else if (at == At.NAME || !Character.isWhitespace(c)) {
      none(Fault.NOT_A_CALL);
    } else if (source.length() > Calls.MOST_HEAD) {
      none(Fault.TOO_LONG);
    }
  }

  /** What came is no call: malformed where it was announced, or follows one. */
  private void none(Fault fault) {
    if (announced || at == At.ARGUMENTS) {
      out.malformed(source, fault);
      at = At.REJECTED;
    } else {
      out.text(source);
      at = At.TEXT;
    }
    source.setLength(0);
  }

  private void syntax() {
    out.syntax(source);
    source.setLength(0);
  }
}
