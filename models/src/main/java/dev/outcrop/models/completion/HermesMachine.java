package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * {@code <tool_call>{"name": .., "arguments": {..}}</tool_call>}: Hermes, Qwen, the demo model. A
 * missing closing tag is forgiven where the object is whole.
 */
final class HermesMachine implements Machine {
  private static final String OPEN = "<tool_call>";
  private static final String CLOSE = "</tool_call>";

  private static final List<String> OPENING = List.of(OPEN);
  private static final List<String> BOTH = List.of(CLOSE, OPEN);

  private enum At {
    TEXT,
    OPENED,
    OBJECT,
    CLOSING,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final Prose prose;
  private final StringBuilder source = new StringBuilder();
  private CallBody body;
  private At at = At.TEXT;

  HermesMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    prose = new Prose(out);
    body = new CallBody(out, offered, false, source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of(OPEN, CLOSE);
  }

  @Override
  public List<String> markers() {
    return switch (at) {
      case TEXT -> OPENING;
      case OPENED, OBJECT -> List.of();
      case CLOSING, REJECTED -> BOTH;
    };
  }

  @Override
  public void character(char c) {
    switch (at) {
      case TEXT -> prose.character(c);
      case OPENED -> {
        if (c == '{') {
          body = new CallBody(out, offered, false, source);
          at = At.OBJECT;
          step(body.accept(c));
        } else {
          source.append(c);
          if (!Character.isWhitespace(c) || source.length() > Calls.MOST_HEAD) {
            reject(Fault.NOT_A_CALL);
          }
        }
      }
      case OBJECT -> step(body.accept(c));
      case CLOSING -> {
        if (Character.isWhitespace(c)) {
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
    boolean inside = at == At.OPENED || at == At.OBJECT;
    if (marker.equals(OPEN)) {
      if (inside) {
        reject(Fault.UNCLOSED);
      }
      source.append(prose.takeSpace()).append(OPEN);
      at = At.OPENED;
    } else if (inside) {
      source.append(CLOSE);
      reject(Fault.UNCLOSED);
      at = At.TEXT;
    } else {
      switch (at) {
        case CLOSING -> out.syntax(CLOSE);
        case REJECTED -> out.malformed(CLOSE, Fault.NOT_A_CALL);
        case TEXT, OPENED, OBJECT -> prose.text(CLOSE);
      }
      at = At.TEXT;
    }
  }

  @Override
  public void end() {
    if (at == At.OPENED || at == At.OBJECT) {
      reject(Fault.UNCLOSED);
    }
    prose.end();
  }

  private void step(Step step) {
    switch (step) {
      case MORE -> {}
      case WHOLE -> {
        prose.afterCall();
        at = At.CLOSING;
      }
      case FAULT -> reject(body.fault());
    }
  }

  private void reject(Fault fault) {
    out.malformed(source, fault);
    source.setLength(0);
    at = At.REJECTED;
  }
}
