package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.IncrementalDetokenizer;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.generate.TextModel;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The text side of a checkpoint as serving wants it. Safe for any thread. */
final class CheckpointText implements TextModel {
  private static final int LONG_CONTROL_TOKEN = 64;

  private final LoadedModel model;
  private final int[] stopTokens;
  private final long mostCharacters;
  private final Clock clock;

  CheckpointText(LoadedModel model, Clock clock) {
    this.model = model;
    this.stopTokens = model.stopTokens();
    this.mostCharacters = (long) model.info().contextTokens() * longestToken(model);
    this.clock = clock;
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
  public int[] encodeChat(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      Map<String, @Nullable Object> variables) {
    return model
        .tokenizer()
        .encode(model.template().render(messages, tools, true, variables, clock));
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
