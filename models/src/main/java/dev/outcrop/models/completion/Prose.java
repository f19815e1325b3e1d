package dev.outcrop.models.completion;

/**
 * The text between calls. White space around a call is not shown; it waits for what follows. For
 * one thread.
 */
final class Prose {
  /** More white space than this is shown without waiting. */
  static final int MOST_SPACE = 256;

  private final Parts out;
  private final StringBuilder space = new StringBuilder();
  private boolean afterCall;

  Prose(Parts out) {
    this.out = out;
  }

  void character(char c) {
    if (Character.isWhitespace(c)) {
      space.append(c);
      if (space.length() == MOST_SPACE) {
        release();
      }
      return;
    }
    release();
    afterCall = false;
    out.text(c);
  }

  /** Text that is none of the format's markers, though it looks like one. */
  void text(CharSequence text) {
    release();
    afterCall = false;
    out.text(text);
  }

  /** The white space in front of what may be a call. */
  String takeSpace() {
    String taken = space.toString();
    space.setLength(0);
    return taken;
  }

  /** A call ended. */
  void afterCall() {
    afterCall = true;
  }

  /** The completion is over. */
  void end() {
    release();
  }

  private void release() {
    if (afterCall) {
      out.syntax(space);
    } else {
      out.text(space);
    }
    space.setLength(0);
  }
}
