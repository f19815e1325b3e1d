package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * Llama 3's calls: an answer that is a JSON object with {@code name} and {@code parameters}, or
 * several with {@code ;} between them, with or without {@code <|python_tag|>} in front. An object
 * without the tag that turns out to be none of these is text like any other.
 */
final class LlamaMachine implements Machine {
  static final String TAG = "<|python_tag|>";

  private static final List<String> TAGS = List.of(TAG);

  private enum At {
    START,
    TAGGED,
    OBJECT,
    BETWEEN,
    TEXT,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final Prose prose;
  private final StringBuilder source = new StringBuilder();
  private CallBody body;
  private boolean tagged;
  private At at = At.START;

  LlamaMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    prose = new Prose(out);
    body = new CallBody(out, offered, false, source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of(TAG);
  }

  @Override
  public List<String> markers() {
    return at == At.OBJECT ? List.of() : TAGS;
  }

  @Override
  public void character(char c) {
    switch (at) {
      case START, TAGGED, BETWEEN -> {
        boolean separator = at == At.BETWEEN && c == ';' && source.indexOf(";") < 0;
        if (c == '{') {
          body = new CallBody(out, offered, !tagged, source);
          at = At.OBJECT;
          step(body.accept(c));
        } else {
          source.append(c);
          if ((!separator && !Character.isWhitespace(c)) || source.length() == Prose.MOST_SPACE) {
            none(Fault.NOT_A_CALL);
          }
        }
      }
      case OBJECT -> step(body.accept(c));
      case TEXT -> prose.character(c);
      case REJECTED -> out.malformed(String.valueOf(c), Fault.NOT_A_CALL);
    }
  }

  @Override
  public void marker(String marker) {
    if (at == At.OBJECT || at == At.TAGGED) {
      broken(Fault.UNCLOSED);
    }
    source.append(prose.takeSpace()).append(TAG);
    tagged = true;
    at = At.TAGGED;
  }

  @Override
  public void end() {
    switch (at) {
      case START -> out.text(source);
      case BETWEEN -> out.syntax(source);
      case TAGGED -> out.malformed(source, Fault.UNCLOSED);
      case OBJECT -> none(Fault.UNCLOSED);
      case TEXT -> prose.end();
      case REJECTED -> {}
    }
    source.setLength(0);
  }

  private void step(Step step) {
    switch (step) {
      case MORE -> {}
      case WHOLE -> {
        tagged = false;
        prose.afterCall();
        at = At.BETWEEN;
      }
      case FAULT -> none(body.fault());
    }
  }

  /** What came is no call: malformed where it was announced as one or began as one. */
  private void none(Fault fault) {
    if (at == At.BETWEEN) {
      replay();
    } else if (tagged || (at == At.OBJECT && body.called())) {
      broken(fault);
    } else {
      out.text(source);
      source.setLength(0);
      at = At.TEXT;
    }
  }

  /** Text after a call: the white space in front of it is dropped. */
  private void replay() {
    String text = source.toString();
    source.setLength(0);
    at = At.TEXT;
    for (int i = 0; i < text.length(); i++) {
      prose.character(text.charAt(i));
    }
  }

  private void broken(Fault fault) {
    out.malformed(source, fault);
    source.setLength(0);
    at = At.REJECTED;
  }
}
