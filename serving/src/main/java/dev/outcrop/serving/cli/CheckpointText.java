package dev.outcrop.serving.cli;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.grammar.GrammarCompiler;
import dev.outcrop.models.grammar.Vocabulary;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.IncrementalDetokenizer;
import dev.outcrop.models.text.Prompt;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Constraints;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.TextModel;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The text side of a checkpoint as serving wants it. Safe for any thread. */
final class CheckpointText implements TextModel {
  private static final int LONG_CONTROL_TOKEN = 64;

  private final LoadedModel model;
  private final int[] stopTokens;
  private final long mostCharacters;
  private final CompletionFormat format;
  private final Clock clock;
  private final @Nullable Constraints constraints;

  CheckpointText(LoadedModel model, CompletionFormat format, Clock clock) {
    this.model = model;
    this.format = format;
    this.stopTokens = model.stopTokens();
    this.mostCharacters = (long) model.info().contextTokens() * longestToken(model);
    this.clock = clock;
    this.constraints =
        stopTokens.length == 0
            ? null
            : new Constraints(
                new GrammarCompiler(
                    Vocabulary.of(model.tokenizer(), stopTokens), System::nanoTime));
  }

  /** Characters of the longest token; control tokens, which decode to nothing, are shorter. */
  private static int longestToken(LoadedModel model) {
    int longest = LONG_CONTROL_TOKEN;
    for (int id = 0; id < model.tokenizer().vocabularySize(); id++) {
      longest = Math.max(longest, model.tokenizer().decode(new int[] {id}).length());
    }
    return longest;
  }

  @Override
  public ChatPrompt encodeChat(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      Map<String, @Nullable Object> variables) {
    List<ChatMessage> fitted =
        format.tools() == ToolFormat.MISTRAL ? MistralIds.in(messages) : messages;
    Prompt prompt = model.template().render(fitted, tools, true, variables, clock);
    return new ChatPrompt(model.tokenizer().encode(prompt), format.opensReasoning(prompt.text()));
  }

  @Override
  public CompletionParser parser(Set<String> tools, boolean reasoningIsOpen) {
    return format.parser(tools, reasoningIsOpen, this::isControlToken);
  }

  @Override
  public TokenConstraint constraint(
      Constraint constraint, Generation.Input input, boolean reasoningIsOpen) {
    if (constraints == null) {
      throw new OutcropException(
          ModelError.GRAMMAR_REFUSED,
          "This model has no token that ends an answer; what an answer looks like cannot be"
              + " enforced.");
    }
    return constraints.of(constraint, format, input, reasoningIsOpen);
  }

  private boolean isControlToken(String token) {
    OptionalInt id = model.tokenizer().idOf(token);
    return id.isPresent() && model.tokenizer().isSpecial(id.getAsInt());
  }

  @Override
  public @Nullable String controlToken(int id) {
    return model.tokenizer().controlToken(id);
  }

  @Override
  public int[] encodeText(String prompt) {
    int[] ids = model.tokenizer().encodeTrusted(prompt);
    OptionalInt bos = model.tokenizer().bosId();
    if (bos.isEmpty() || (ids.length > 0 && ids[0] == bos.getAsInt())) {
      return ids;
    }
    int[] begun = new int[ids.length + 1];
    begun[0] = bos.getAsInt();
    System.arraycopy(ids, 0, begun, 1, ids.length);
    return begun;
  }

  @Override
  public int vocabulary() {
    return model.tokenizer().vocabularySize();
  }

  @Override
  public long mostCharacters() {
    return mostCharacters;
  }

  @Override
  public Detokenizer detokenizer() {
    IncrementalDetokenizer detokenizer = model.tokenizer().detokenizer();
    return new Detokenizer() {
      @Override
      public String add(int id) {
        return detokenizer.accept(id);
      }

      @Override
      public String finish() {
        return detokenizer.flush();
      }
    };
  }

  @Override
  public String tokenText(int id) {
    return model.tokenizer().decode(new int[] {id});
  }

  @Override
  public int[] stopTokens() {
    return Arrays.copyOf(stopTokens, stopTokens.length);
  }
}
