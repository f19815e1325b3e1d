package dev.outcrop.bench.http;

import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.TextModel;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A text model that costs nothing: a prompt is the number that its last message consists of, and
 * tokens are words in turn. Completions are read as those of a model with tools and reasoning.
 */
final class NumberedText implements TextModel {
  private static final CompletionFormat FORMAT =
      new CompletionFormat(ToolFormat.HERMES, ReasoningFormat.THINK);
  private static final String[] WORDS = {
    " the",
    " server",
    " writes",
    " every",
    " word",
    " as",
    " soon",
    " as",
    " it",
    " is",
    " there",
    ".",
    " A",
    " client",
    " that",
    " reads",
    " slowly",
    ",",
    " or",
    " not",
    " at",
    " all",
    ",",
    " keeps",
    " nobody",
    " else",
    " from",
    " getting",
    " what",
    " they",
    " asked",
    " for."
  };

  @Override
  public ChatPrompt encodeChat(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      Map<String, @Nullable Object> variables) {
    return new ChatPrompt(encodeText(messages.getLast().content()), false);
  }

  @Override
  public TokenConstraint constraint(
      Constraint constraint, Generation.Input input, boolean reasoningIsOpen) {
    throw new UnsupportedOperationException("nothing is asked of the numbers");
  }

  @Override
  public CompletionParser parser(Set<String> tools, boolean reasoningIsOpen) {
    return FORMAT.parser(tools, reasoningIsOpen, _ -> false);
  }

  @Override
  public @Nullable String controlToken(int id) {
    return null;
  }

  @Override
  public int[] encodeText(String prompt) {
    return new int[] {Integer.parseInt(prompt)};
  }

  @Override
  public int vocabulary() {
    return Integer.MAX_VALUE;
  }

  @Override
  public long mostCharacters() {
    return Long.MAX_VALUE;
  }

  @Override
  public Detokenizer detokenizer() {
    return new Detokenizer() {
      @Override
      public String add(int id) {
        return tokenText(id);
      }

      @Override
      public String finish() {
        return "";
      }
    };
  }

  @Override
  public String tokenText(int id) {
    return WORDS[id % WORDS.length];
  }

  @Override
  public int[] stopTokens() {
    return new int[0];
  }
}
