package dev.outcrop.serving.generate;

import java.util.ArrayList;
import java.util.List;

/** A piece of a completion that is looked at as a whole. */
public sealed interface AnswerBlock {
  /** Text, not empty. A call that is broken is text too, as the model wrote it. */
  record Text(String text) implements AnswerBlock {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Text[characters=%d]".formatted(text.length());
    }
  }

  /** Reasoning, not empty. */
  record Reasoning(String text) implements AnswerBlock {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Reasoning[characters=%d]".formatted(text.length());
    }
  }

  /**
   * A tool call.
   *
   * @param id 22 random characters of the URL-safe base64 alphabet
   * @param name the tool
   * @param arguments its arguments: a JSON object, as the model wrote it
   */
  record Call(String id, String name, String arguments) implements AnswerBlock {
    /** Redacted: completions are never logged. */
    @Override
    public String toString() {
      return "Call[id=%s]".formatted(id);
    }
  }

  /** The blocks that the events before an end make, in their order. */
  static List<AnswerBlock> of(List<GenerationEvent> events) {
    List<AnswerBlock> blocks = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    StringBuilder reasoning = new StringBuilder();
    StringBuilder arguments = new StringBuilder();
    StringBuilder source = new StringBuilder();
    GenerationEvent.ToolStart open = new GenerationEvent.ToolStart("", "", "");
    for (GenerationEvent event : events) {
      switch (event) {
        case GenerationEvent.Text(var more, _, _) -> {
          addReasoning(reasoning, blocks);
          text.append(more);
        }
        case GenerationEvent.Reasoning(var more, _) -> {
          addText(text, blocks);
          reasoning.append(more);
        }
        case GenerationEvent.ToolStart start -> {
          addReasoning(reasoning, blocks);
          open = start;
          arguments.setLength(0);
          source.setLength(0);
          source.append(start.source());
        }
        case GenerationEvent.ToolArguments(var more, var written) -> {
          arguments.append(more);
          source.append(written);
        }
        case GenerationEvent.ToolEnd _ -> {
          addText(text, blocks);
          blocks.add(new Call(open.id(), open.name(), arguments.toString()));
        }
        case GenerationEvent.ToolBroken _ -> text.append(source);
        case GenerationEvent.Ended _, GenerationEvent.Failed _ ->
            throw new IllegalStateException("an end comes last");
      }
    }
    addReasoning(reasoning, blocks);
    addText(text, blocks);
    return blocks;
  }

  private static void addText(StringBuilder text, List<AnswerBlock> blocks) {
    if (!text.isEmpty()) {
      blocks.add(new Text(text.toString()));
      text.setLength(0);
    }
  }

  private static void addReasoning(StringBuilder reasoning, List<AnswerBlock> blocks) {
    if (!reasoning.isEmpty()) {
      blocks.add(new Reasoning(reasoning.toString()));
      reasoning.setLength(0);
    }
  }
}
