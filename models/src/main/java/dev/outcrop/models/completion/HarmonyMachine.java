package dev.outcrop.models.completion;

import dev.outcrop.models.completion.CompletionPart.Fault;
import java.util.List;
import java.util.Set;

/**
 * The messages of gpt-oss: each has a head (role, channel, recipient, content type) and a body. The
 * analysis channel is reasoning, a recipient {@code functions.NAME} is a call, everything else that
 * the assistant says is text. The prompt ends inside the first head.
 */
final class HarmonyMachine implements Machine {
  private static final String START = "<|start|>";
  private static final String CHANNEL = "<|channel|>";
  private static final String CONSTRAIN = "<|constrain|>";
  private static final String MESSAGE = "<|message|>";
  private static final String END = "<|end|>";
  private static final String CALL = "<|call|>";
  private static final String RETURN = "<|return|>";
  private static final List<String> ALL =
      List.of(START, CHANNEL, CONSTRAIN, MESSAGE, END, CALL, RETURN);
  private static final String TO = "to=";
  private static final String FUNCTIONS = "functions.";
  private static final int MOST_HEAD = 512;

  private enum At {
    HEAD,
    REASONING,
    TEXT,
    ARGUMENTS,
    AFTER_ARGUMENTS,
    BETWEEN,
    REJECTED
  }

  private final Parts out;
  private final Set<String> offered;
  private final StringBuilder source = new StringBuilder();
  private final StringBuilder role = new StringBuilder();
  private final StringBuilder channel = new StringBuilder();
  private JsonArguments arguments;
  private boolean named;
  private boolean inChannel;
  private At at = At.HEAD;

  HarmonyMachine(Parts out, Set<String> offered) {
    this.out = out;
    this.offered = offered;
    arguments = new JsonArguments(out, "", null, source);
  }

  @Override
  public Set<String> vocabulary() {
    return Set.copyOf(ALL);
  }

  @Override
  public List<String> markers() {
    return at == At.ARGUMENTS ? List.of() : ALL;
  }

  @Override
  public void character(char c) {
    switch (at) {
      case HEAD -> head(c);
      case REASONING -> out.reasoning(c);
      case TEXT -> out.text(c);
      case ARGUMENTS -> {
        switch (arguments.accept(c)) {
          case MORE -> {}
          case WHOLE -> at = At.AFTER_ARGUMENTS;
          case FAULT -> reject(Fault.BAD_ARGUMENTS);
        }
      }
      case AFTER_ARGUMENTS, BETWEEN -> {
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
    switch (marker) {
      case START -> {
        leave();
        beginHead(true);
        source.append(START);
      }
      case CHANNEL -> {
        if (at != At.HEAD) {
          leave();
          beginHead(false);
        }
        source.append(CHANNEL);
        inChannel = true;
      }
      case CONSTRAIN -> {
        if (at == At.HEAD) {
          source.append(CONSTRAIN);
          (inChannel ? channel : role).append(' ');
        } else {
          stray(CONSTRAIN);
        }
      }
      case MESSAGE -> {
        if (at == At.HEAD) {
          source.append(MESSAGE);
          body();
        } else {
          stray(MESSAGE);
        }
      }
      default -> endOfMessage(marker);
    }
  }

  @Override
  public void end() {
    leave();
  }

  private void beginHead(boolean withRole) {
    role.setLength(0);
    channel.setLength(0);
    named = withRole;
    inChannel = false;
    at = At.HEAD;
  }

  private void head(char c) {
    source.append(c);
    (inChannel ? channel : role).append(c);
    if (source.length() > MOST_HEAD) {
      reject(Fault.TOO_LONG);
    } else if (!named && !inChannel && !couldBeRecipient()) {
      // Not harmony at all: a model that answers without a head is read as it is.
      out.text(source);
      source.setLength(0);
      at = At.TEXT;
    }
  }

  private boolean couldBeRecipient() {
    String begun = role.toString().stripLeading();
    return begun.startsWith(TO) || TO.startsWith(begun);
  }

  private void body() {
    String recipient = null;
    String kind = "";
    for (String word : role.toString().strip().split("\\s+", -1)) {
      recipient = word.startsWith(TO) ? word : recipient;
    }
    for (String word : channel.toString().strip().split("\\s+", -1)) {
      recipient = word.startsWith(TO) ? word : recipient;
      kind = kind.isEmpty() && !word.startsWith(TO) ? word : kind;
    }
    if (named && !role.toString().strip().startsWith("assistant")) {
      reject(Fault.NOT_A_CALL);
    } else if (recipient != null) {
      call(recipient.substring(TO.length()));
    } else {
      switch (kind) {
        case "analysis" -> say(At.REASONING);
        case "final", "commentary", "" -> say(At.TEXT);
        default -> reject(Fault.NOT_A_CALL);
      }
    }
  }

  private void say(At how) {
    out.syntax(source);
    source.setLength(0);
    at = how;
  }

  private void call(String recipient) {
    if (!recipient.startsWith(FUNCTIONS)
        || !offered.contains(recipient.substring(FUNCTIONS.length()))) {
      reject(Fault.UNKNOWN_TOOL);
      return;
    }
    arguments = new JsonArguments(out, recipient.substring(FUNCTIONS.length()), null, source);
    at = At.ARGUMENTS;
  }

  private void endOfMessage(String marker) {
    switch (at) {
      case HEAD, ARGUMENTS -> {
        source.append(marker);
        reject(Fault.UNCLOSED);
      }
      case REJECTED -> out.malformed(marker, Fault.NOT_A_CALL);
      case REASONING, TEXT, AFTER_ARGUMENTS, BETWEEN -> out.syntax(marker);
    }
    at = At.BETWEEN;
  }

  private void stray(String marker) {
    leave();
    source.append(marker);
    reject(Fault.NOT_A_CALL);
  }

  /** Gives up a head or a call that is not whole. */
  private void leave() {
    if (at == At.HEAD && source.toString().isBlank()) {
      out.syntax(source);
      source.setLength(0);
    } else if (at == At.HEAD || at == At.ARGUMENTS) {
      reject(Fault.UNCLOSED);
    }
  }

  private void reject(Fault fault) {
    out.malformed(source, fault);
    source.setLength(0);
    at = At.REJECTED;
  }
}
