package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import java.time.Clock;

/** The OpenAI chat completion body as InvokeModel carries it. */
public final class ChatBody implements BodyFormat {
  /** Creates the format. */
  public ChatBody(Json json, LimitsConfig limits, Clock clock) {}

  @Override
  public boolean accepts(ObjectNode body) {
    return body.has("messages");
  }

  @Override
  public Request read(ObjectNode body, Target target) {
    throw Fields.unsupported("messages is not supported by this server.");
  }
}
