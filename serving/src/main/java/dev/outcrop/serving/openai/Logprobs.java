package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Log probabilities in both shapes that OpenAI's API has for them. */
final class Logprobs {
  /** What stands for a probability of 0, whose logarithm JSON cannot hold. */
  private static final double LEAST = -9_999;

  private Logprobs() {}

  /** Those of all text among some events. */
  static List<GenerationEvent.TokenLogprob> of(List<GenerationEvent> events) {
    List<GenerationEvent.TokenLogprob> all = new ArrayList<>();
    for (GenerationEvent event : events) {
      if (event instanceof GenerationEvent.Text(_, _, var logprobs)) {
        all.addAll(logprobs);
      }
    }
    return all;
  }

  /** The shape of chat completions and responses: an object for each token. */
  static ArrayNode tokens(List<GenerationEvent.TokenLogprob> logprobs) {
    ArrayNode tokens = Json.object().putArray("content");
    for (GenerationEvent.TokenLogprob token : logprobs) {
      ObjectNode entry = token(token, tokens.addObject());
      ArrayNode top = entry.putArray("top_logprobs");
      token.top().forEach(other -> token(other, top.addObject()));
    }
    return tokens;
  }

  private static ObjectNode token(GenerationEvent.TokenLogprob token, ObjectNode to) {
    to.put("token", token.token()).put("logprob", finite(token.logprob()));
    ArrayNode bytes = to.putArray("bytes");
    for (byte b : token.token().getBytes(StandardCharsets.UTF_8)) {
      bytes.add(Byte.toUnsignedInt(b));
    }
    return to;
  }

  /**
   * The shape of completions: a list for each property.
   *
   * @param offset where the first token begins in the choice's text, in characters
   */
  static ObjectNode lists(List<GenerationEvent.TokenLogprob> logprobs, int offset) {
    ObjectNode lists = Json.object();
    ArrayNode tokens = lists.putArray("tokens");
    ArrayNode values = lists.putArray("token_logprobs");
    ArrayNode tops = lists.putArray("top_logprobs");
    ArrayNode offsets = lists.putArray("text_offset");
    int at = offset;
    for (GenerationEvent.TokenLogprob token : logprobs) {
      tokens.add(token.token());
      values.add(finite(token.logprob()));
      ObjectNode top = tops.addObject();
      token.top().forEach(other -> putFirst(top, other));
      putFirst(top, token);
      offsets.add(at);
      at += token.token().length();
    }
    return lists;
  }

  /** Tokens that are parts of characters may look alike; the most likely comes first. */
  private static void putFirst(ObjectNode to, GenerationEvent.TokenLogprob token) {
    if (!to.has(token.token())) {
      to.put(token.token(), finite(token.logprob()));
    }
  }

  private static double finite(double logprob) {
    return Math.max(LEAST, logprob);
  }
}
