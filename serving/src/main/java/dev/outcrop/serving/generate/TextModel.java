package dev.outcrop.serving.generate;

import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The text side of one model: template and tokenizer. Called from many request threads at once. */
public interface TextModel {
  /**
   * The prompt of a conversation, ready for the assistant's turn. Text of users cannot become
   * control tokens.
   *
   * @param variables what the template may read besides, for example {@code enable_thinking}
   * @throws dev.outcrop.models.OutcropException where the template refuses the conversation
   */
  ChatPrompt encodeChat(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      Map<String, @Nullable Object> variables);

  /**
   * The prompt of a conversation.
   *
   * @param tokens its tokens
   * @param reasoningIsOpen whether it ends inside the model's reasoning, which then goes on
   */
  record ChatPrompt(int[] tokens, boolean reasoningIsOpen) {
    /** Redacted: prompts are never logged. */
    @Override
    public String toString() {
      return "ChatPrompt[tokens=%d]".formatted(tokens.length);
    }
  }

  /**
   * A parser for one completion of a conversation.
   *
   * @param tools the names of the tools that may be called
   * @param reasoningIsOpen as {@link ChatPrompt} has it
   */
  CompletionParser parser(Set<String> tools, boolean reasoningIsOpen);

  /**
   * What the engine asks before each token of a completion that has to look like something.
   *
   * @param input what the completion goes on from
   * @param reasoningIsOpen as {@link ChatPrompt} has it
   * @throws dev.outcrop.models.OutcropException where it cannot be enforced
   */
  TokenConstraint constraint(
      Constraint constraint, Generation.Input input, boolean reasoningIsOpen);

  /** The spelling of a control token, which has no text; null for any other token. */
  @Nullable String controlToken(int id);

  /**
   * The tokens of a prompt that its caller wrote in full, control tokens included. A begin token is
   * put in front as the tokenizer does, unless the text starts with it.
   */
  int[] encodeText(String prompt);

  /** How many token ids there are; they begin at 0. */
  int vocabulary();

  /** A prompt of more characters has more tokens than the model's context, whatever it says. */
  long mostCharacters();

  /** A detokenizer for one completion. */
  Detokenizer detokenizer();

  /** The text of one token alone, as an alternative is shown with log probabilities. */
  String tokenText(int id);

  /** Ids that end a generation. */
  int[] stopTokens();

  /** Turns the tokens of one completion into text, never half a character. Used by one thread. */
  interface Detokenizer {
    /** The text that a token completes; empty while a character is open. Special tokens: empty. */
    String add(int id);

    /** The text that is left at the end, or where a control token parts the text. */
    String finish();
  }
}
