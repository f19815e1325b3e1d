package dev.outcrop.models.completion;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the parts of a completion; neighbours of one kind become one part. For one thread. */
final class Parts {
  private enum Kind {
    NONE,
    TEXT,
    REASONING,
    ARGUMENTS,
    MALFORMED,
    SYNTAX
  }

  private List<CompletionPart> ready = new ArrayList<>();
  private Kind kind = Kind.NONE;
  private CompletionPart.Fault fault = CompletionPart.Fault.NOT_A_CALL;
  private final StringBuilder shown = new StringBuilder();
  private final StringBuilder source = new StringBuilder();

  void text(char c) {
    open(Kind.TEXT);
    shown.append(c);
  }

  void text(CharSequence text) {
    if (!text.isEmpty()) {
      open(Kind.TEXT);
      shown.append(text);
    }
  }

  void reasoning(char c) {
    open(Kind.REASONING);
    shown.append(c);
  }

  void reasoning(CharSequence text) {
    if (!text.isEmpty()) {
      open(Kind.REASONING);
      shown.append(text);
    }
  }

  void syntax(char c) {
    open(Kind.SYNTAX);
    shown.append(c);
  }

  void syntax(CharSequence text) {
    if (!text.isEmpty()) {
      open(Kind.SYNTAX);
      shown.append(text);
    }
  }

  /** Arguments that the completion holds as they are. */
  void arguments(char c) {
    open(Kind.ARGUMENTS);
    shown.append(c);
    source.append(c);
  }

  /** Arguments that the completion holds in another form. */
  void arguments(CharSequence json, CharSequence from) {
    open(Kind.ARGUMENTS);
    shown.append(json);
    source.append(from);
  }

  void start(String name, @Nullable String id, CharSequence from) {
    close();
    ready.add(new CompletionPart.CallStart(name, id, from.toString()));
  }

  void end(CharSequence from) {
    close();
    ready.add(new CompletionPart.CallEnd(from.toString()));
  }

  /** Also without text: the end of the completion can break a call. */
  void malformed(CharSequence text, CompletionPart.Fault why) {
    if (kind == Kind.MALFORMED && fault != why) {
      close();
    }
    fault = why;
    open(Kind.MALFORMED);
    shown.append(text);
  }

  /** What came since the last time. */
  List<CompletionPart> take() {
    close();
    List<CompletionPart> taken = ready;
    ready = new ArrayList<>();
    return taken;
  }

  private void open(Kind wanted) {
    if (kind != wanted) {
      close();
      kind = wanted;
    }
  }

  private void close() {
    String text = shown.toString();
    switch (kind) {
      case NONE -> {}
      case TEXT -> ready.add(new CompletionPart.Text(text));
      case REASONING -> ready.add(new CompletionPart.Reasoning(text));
      case ARGUMENTS -> ready.add(new CompletionPart.Arguments(text, source.toString()));
      case MALFORMED -> ready.add(new CompletionPart.Malformed(text, fault));
      case SYNTAX -> ready.add(new CompletionPart.Syntax(text));
    }
    kind = Kind.NONE;
    shown.setLength(0);
    source.setLength(0);
  }
}
