package dev.outcrop.models.completion;

import org.jspecify.annotations.Nullable;

/** The arguments of a call whose name came before: a JSON object. For one thread. */
final class JsonArguments {
  private final Parts out;
  private final String name;
  private final @Nullable String id;
  private final StringBuilder source;
  private final JsonChecker json = new JsonChecker();
  private boolean started;

  /**
   * Prepares for one call.
   *
   * @param source what came since the call began and was not handed on
   */
  JsonArguments(Parts out, String name, @Nullable String id, StringBuilder source) {
    this.out = out;
    this.name = name;
    this.id = id;
    this.source = source;
  }

  Step accept(char c) {
    if (!started && Character.isWhitespace(c) && source.length() < Calls.MOST_HEAD) {
      source.append(c);
      return Step.MORE;
    }
    if (!json.accept(c)) {
      source.append(c);
      return Step.FAULT;
    }
    if (!started) {
      started = true;
      out.start(name, id, source);
      source.setLength(0);
    }
    out.arguments(c);
    if (!json.whole()) {
      return Step.MORE;
    }
    out.end("");
    return Step.WHOLE;
  }
}
