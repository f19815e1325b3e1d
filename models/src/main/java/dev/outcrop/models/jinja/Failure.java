package dev.outcrop.models.jinja;

/**
 * A fault found while reading or rendering a template; becomes an OutcropException with the line at
 * the package's border. The message holds words of ours and of the template, never of a request.
 */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int line;

  /** A fault whose line the evaluator knows. */
  Failure(String message) {
    this(message, 0);
  }

  /** A fault at a line. */
  Failure(String message, int line) {
    super(message, null, false, false);
    this.line = line;
  }

  /** The line of the template, or 0 where the thrower did not know it. */
  int line() {
    return line;
  }

  /** The message, which is never null. */
  String text() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
