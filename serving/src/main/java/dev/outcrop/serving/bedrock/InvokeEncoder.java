package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.json.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * InvokeModel for encoders, in the bodies of Titan and Cohere. A body's keys tell which it is,
 * since the model's id is the operator's choice; where they do not, the id does.
 */
public final class InvokeEncoder {
  private static final Set<String> COHERE_KEYS = Set.of("texts", "images", "inputs", "input_type");

  private final Json json;
  private final TitanEmbeddings titan;
  private final CohereEmbed cohere;
  private final RerankBody rerank;

  /** Creates the operation. */
  public InvokeEncoder(EncoderService service, Json json) {
    EncoderCalls calls = new EncoderCalls(service, json);
    this.json = json;
    this.titan = new TitanEmbeddings(calls);
    this.cohere = new CohereEmbed(calls);
    this.rerank = new RerankBody(calls);
  }

  /**
   * Answers one request.
   *
   * @param id the model id of the URL, decoded
   * @param tier the tier that it asks for, or null
   */
  void invoke(Exchange exchange, ServedEncoder model, String id, @Nullable Tier tier)
      throws InterruptedException {
    ObjectNode body = json.object(exchange.body());
    Call call = new Call(exchange, id, tier);
    switch (model) {
      case ServedEncoder.Embedder embedder -> {
        if (isCohere(body, id)) {
          cohere.invoke(call, body, embedder);
        } else {
          titan.invoke(call, body, embedder);
        }
      }
      case ServedEncoder.Reranker reranker -> rerank.invoke(call, body, reranker);
    }
  }

  private static boolean isCohere(ObjectNode body, String id) {
    return !body.hasNonNull("inputText")
        && (id.contains("cohere.") || COHERE_KEYS.stream().anyMatch(body::hasNonNull));
  }

  /**
   * One call.
   *
   * @param id the model id of the URL, decoded
   * @param tier the tier that it asks for, or null
   */
  record Call(Exchange exchange, String id, @Nullable Tier tier) {}
}
