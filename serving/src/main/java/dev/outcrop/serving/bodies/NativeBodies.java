package dev.outcrop.serving.bodies;

import dev.outcrop.serving.anthropic.MessagesBody;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.BodyFormats;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.openai.ChatBody;
import dev.outcrop.serving.openai.CompletionBody;
import java.time.Clock;
import java.util.List;

/** The bodies of all families, in the order in which they are asked whether a body is theirs. */
public final class NativeBodies {
  private NativeBodies() {}

  /** All formats. */
  public static BodyFormats all(Json json, LimitsConfig limits, Clock clock) {
    BodyFormat chat = new ChatBody(json, limits, clock);
    return new BodyFormats(
        List.of(
            new MessagesBody(json, limits),
            new MistralChat(chat),
            new ReasoningInContent(chat),
            chat,
            new TitanBody(limits),
            TextBody.mistral(limits),
            TextBody.deepSeek(limits),
            LlamaBody.llama(limits),
            new CompletionBody(limits, clock),
            LlamaBody.imported(limits)));
  }
}
