package dev.outcrop.models.completion;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Takes the reasoning that stands between two tags at the start of a completion, and leaves the
 * rest to another machine. White space at the ends of the reasoning is not shown.
 */
final class ThinkingMachine implements Machine {
  private enum At {
    START,
    LEADING,
    REASONING,
    TRAILING,
    ANSWER
  }

  private final Parts out;
  private final String open;
  private final String close;
  private final Machine answer;
  private final StringBuilder space = new StringBuilder();
  private final List<String> atStart;
  private final List<String> leading;
  private final List<String> closing;
  private At at;

  /**
   * Prepares for one completion.
   *
   * @param isOpen whether the prompt ends behind the opening tag
   */
  ThinkingMachine(Parts out, ReasoningFormat.Tags tags, boolean isOpen, Machine answer) {
    this.out = out;
    open = tags.open();
    close = tags.close();
    this.answer = answer;
    atStart = new ArrayList<>(answer.markers());
    atStart.add(open);
    leading = List.of(open, close);
    closing = List.of(close);
    at = isOpen ? At.LEADING : At.START;
  }

  @Override
  public Set<String> vocabulary() {
    Set<String> all = new TreeSet<>(answer.vocabulary());
    all.add(open);
    all.add(close);
    return all;
  }

  @Override
  public List<String> markers() {
    return switch (at) {
      // The answer has not begun: its markers are still those of its start.
      case START -> atStart;
      case LEADING -> leading;
      case REASONING -> closing;
      case TRAILING, ANSWER -> answer.markers();
    };
  }

  @Override
  public void character(char c) {
    boolean blank = Character.isWhitespace(c);
    switch (at) {
      case START -> {
        space.append(c);
        if (!blank || space.length() == Prose.MOST_SPACE) {
          answerBegins();
        }
      }
      case LEADING -> {
        if (blank) {
          out.syntax(c);
        } else {
          at = At.REASONING;
          out.reasoning(c);
        }
      }
      case REASONING -> {
        if (blank && space.length() < Prose.MOST_SPACE) {
          space.append(c);
        } else {
          out.reasoning(space);
          space.setLength(0);
          out.reasoning(c);
        }
      }
      case TRAILING -> {
        if (blank) {
          out.syntax(c);
        } else {
          at = At.ANSWER;
          answer.character(c);
        }
      }
      case ANSWER -> answer.character(c);
    }
  }

  @Override
  public void marker(String marker) {
    boolean thinking = at == At.LEADING || at == At.REASONING;
    if (marker.equals(open) && (at == At.START || at == At.LEADING)) {
      out.syntax(space.append(open));
      space.setLength(0);
      at = At.LEADING;
    } else if (marker.equals(close) && thinking) {
      out.syntax(space.append(close));
      space.setLength(0);
      at = At.TRAILING;
    } else if (marker.equals(open) || marker.equals(close) || thinking) {
      marker.chars().forEach(c -> character((char) c));
    } else {
      answerBegins();
      answer.marker(marker);
    }
  }

  @Override
  public void end() {
    if (at == At.REASONING) {
      out.syntax(space);
    } else {
      answerBegins();
      answer.end();
    }
    space.setLength(0);
  }

  private void answerBegins() {
    if (at == At.START) {
      for (int i = 0; i < space.length(); i++) {
        answer.character(space.charAt(i));
      }
      space.setLength(0);
    }
    at = At.ANSWER;
  }
}
