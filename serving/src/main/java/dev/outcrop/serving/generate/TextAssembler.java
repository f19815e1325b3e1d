package dev.outcrop.serving.generate;

import dev.outcrop.batching.TokenEvent;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.CompletionPart;
import dev.outcrop.models.text.StopStrings;
import dev.outcrop.models.text.ToolDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns the tokens of one completion into text, reasoning and tool calls. Used by one thread. */
final class TextAssembler {
  private final TextModel text;
  private final TextModel.Detokenizer detokenizer;
  private final StopStrings stops;
  private final CompletionParser parser;
  private final Supplier<String> ids;
  private final boolean wantsLogprobs;
  private List<GenerationEvent.TokenLogprob> logprobs = new ArrayList<>();
  private int tokens;
  private boolean callOpen;
  private boolean calledTools;
  private boolean brokenCall;
  private boolean malformed;

  /**
   * Prepares for one completion.
   *
   * @param reasoningIsOpen whether the prompt ends inside the reasoning
   * @param ids makes the ids of calls
   */
  TextAssembler(
      TextModel text, Generation generation, boolean reasoningIsOpen, Supplier<String> ids) {
    this.text = text;
    this.detokenizer = text.detokenizer();
    this.stops = new StopStrings(generation.stopStrings());
    this.ids = ids;
    this.wantsLogprobs = generation.sampling().logprobs() >= 0;
    this.parser =
        switch (generation.input()) {
          case Generation.Chat chat ->
              text.parser(
                  chat.tools().stream().map(ToolDefinition::name).collect(Collectors.toSet()),
                  reasoningIsOpen);
          // Whoever writes the prompt reads the completion: it stays as the model wrote it.
          case Generation.Text _, Generation.Tokens _ ->
              CompletionFormat.PLAIN.parser(Set.of(), false, _ -> false);
        };
  }

  /** What a token adds. */
  void add(TokenEvent.Token token, List<GenerationEvent> out) {
    tokens++;
    if (wantsLogprobs) {
      logprobs.add(logprob(token));
    }
    String control = text.controlToken(token.id());
    if (control == null || !parser.isMarker(control)) {
      parse(stops.accept(detokenizer.add(token.id())), out);
      return;
    }
    endStretch(out);
    if (stops.match() == null) {
      parser.marker(control).forEach(part -> emit(part, out));
    }
  }

  /** What is left when the tokens are over; after a stop string there is only a pending call. */
  void finish(List<GenerationEvent> out) {
    endStretch(out);
    parser.finish().forEach(part -> emit(part, out));
  }

  /** Tokens seen. */
  int tokens() {
    return tokens;
  }

  /** The stop string that was met, or null. */
  @Nullable String stopString() {
    return stops.match();
  }

  /** Why a turn that the model itself ended is over. */
  GenerationEvent.Reason endOfTurn() {
    if (brokenCall || (malformed && !calledTools)) {
      return GenerationEvent.Reason.MALFORMED_CALL;
    }
    return calledTools ? GenerationEvent.Reason.TOOL_CALLS : GenerationEvent.Reason.END;
  }

  private void endStretch(List<GenerationEvent> out) {
    if (stops.match() == null) {
      parse(stops.accept(detokenizer.finish()), out);
    }
    if (stops.match() == null) {
      parse(stops.flush(), out);
    }
  }

  private void parse(String more, List<GenerationEvent> out) {
    if (!more.isEmpty()) {
      parser.accept(more).forEach(part -> emit(part, out));
    }
  }

  private void emit(CompletionPart part, List<GenerationEvent> out) {
    switch (part) {
      case CompletionPart.Text(var plain) -> plain(plain, out);
      case CompletionPart.Malformed(var rest, _) -> {
        malformed = true;
        if (callOpen) {
          callOpen = false;
          brokenCall = true;
          out.add(new GenerationEvent.ToolBroken(tokens));
        }
        plain(rest, out);
      }
      case CompletionPart.Reasoning(var thought) -> {
        logprobs = new ArrayList<>();
        out.add(new GenerationEvent.Reasoning(thought, tokens));
      }
      case CompletionPart.CallStart(var name, _, var source) -> {
        logprobs = new ArrayList<>();
        callOpen = true;
        out.add(new GenerationEvent.ToolStart(ids.get(), name, source));
      }
      case CompletionPart.Arguments(var json, var source) -> {
        logprobs = new ArrayList<>();
        out.add(new GenerationEvent.ToolArguments(json, source));
      }
      case CompletionPart.CallEnd _ -> {
        callOpen = false;
        calledTools = true;
        out.add(new GenerationEvent.ToolEnd(tokens));
      }
      case CompletionPart.Syntax _ -> {}
    }
  }

  private void plain(String plain, List<GenerationEvent> out) {
    if (!plain.isEmpty()) {
      out.add(new GenerationEvent.Text(plain, tokens, logprobs));
      logprobs = new ArrayList<>();
    }
  }

  private GenerationEvent.TokenLogprob logprob(TokenEvent.Token token) {
    List<GenerationEvent.TokenLogprob> top = new ArrayList<>();
    for (int i = 0; i < token.topTokens().length; i++) {
      top.add(
          new GenerationEvent.TokenLogprob(
              token.topTokens()[i],
              text.tokenText(token.topTokens()[i]),
              token.topLogprobs()[i],
              List.of()));
    }
    return new GenerationEvent.TokenLogprob(
        token.id(), text.tokenText(token.id()), token.logprob(), top);
  }
}
