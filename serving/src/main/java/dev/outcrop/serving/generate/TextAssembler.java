package dev.outcrop.serving.generate;

import dev.outcrop.batching.TokenEvent;
import dev.outcrop.models.text.StopStrings;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns the tokens of one completion into text and tool calls. Used by one thread. */
final class TextAssembler {
  private final TextModel text;
  private final TextModel.Detokenizer detokenizer;
  private final StopStrings stops;
  private final @Nullable ToolCallParser tools;
  private final boolean wantsLogprobs;
  private List<GenerationEvent.TokenLogprob> logprobs = new ArrayList<>();
  private int tokens;
  private boolean calledTools;

  TextAssembler(TextModel text, Generation generation, Json json, Supplier<String> ids) {
    this.text = text;
    this.detokenizer = text.detokenizer();
    this.stops = new StopStrings(generation.stopStrings());
    this.wantsLogprobs = generation.sampling().logprobs() >= 0;
    this.tools =
        generation.input() instanceof Generation.Chat chat && !chat.tools().isEmpty()
            ? new ToolCallParser(
                json,
                chat.tools().stream().map(ToolDefinition::name).collect(Collectors.toSet()),
                ids)
            : null;
  }

  /** What a token adds. */
  void add(TokenEvent.Token token, List<GenerationEvent> out) {
    tokens++;
    if (wantsLogprobs) {
      logprobs.add(logprob(token));
    }
    emit(stops.accept(detokenizer.add(token.id())), out);
  }

  /** What is left when the tokens are over; after a stop string there is only a pending call. */
  void finish(List<GenerationEvent> out) {
    if (stops.match() == null) {
      emit(stops.accept(detokenizer.finish()), out);
    }
    if (stops.match() == null) {
      emit(stops.flush(), out);
    }
    if (tools != null) {
      tools.finish().forEach(piece -> emit(piece, out));
    }
  }

  /** Tokens seen. */
  int tokens() {
    return tokens;
  }

  /** The stop string that was met, or null. */
  @Nullable String stopString() {
    return stops.match();
  }

  boolean calledTools() {
    return calledTools;
  }

  private void emit(String more, List<GenerationEvent> out) {
    if (more.isEmpty()) {
      return;
    }
    if (tools == null) {
      emit(new ToolCallParser.Piece.Plain(more), out);
    } else {
      tools.add(more).forEach(piece -> emit(piece, out));
    }
  }

  private void emit(ToolCallParser.Piece piece, List<GenerationEvent> out) {
    switch (piece) {
      case ToolCallParser.Piece.Plain(var plain) -> {
        out.add(new GenerationEvent.Text(plain, tokens, logprobs));
        logprobs = new ArrayList<>();
      }
      case ToolCallParser.Piece.Call(var call) -> {
        calledTools = true;
        out.add(call);
      }
    }
  }

  private GenerationEvent.TokenLogprob logprob(TokenEvent.Token token) {
    List<GenerationEvent.TokenLogprob> top = new ArrayList<>();
    for (int i = 0; i < token.topTokens().length; i++) {
      top.add(
          new GenerationEvent.TokenLogprob(
              text.tokenText(token.topTokens()[i]), token.topLogprobs()[i], List.of()));
    }
    return new GenerationEvent.TokenLogprob(text.tokenText(token.id()), token.logprob(), top);
  }
}
