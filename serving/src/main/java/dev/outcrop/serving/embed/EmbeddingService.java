package dev.outcrop.serving.embed;

import dev.outcrop.batching.encode.EncodeAnswer;
import dev.outcrop.batching.encode.EncodeRequest;
import dev.outcrop.batching.encode.EncodeSubmit;
import dev.outcrop.batching.encode.EncodeTicket;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.error.ServingError;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs texts through encoders: tokenizer, submit, and the vector back. Everything runs on the
 * thread of the request. Safe to use from any thread.
 */
public final class EmbeddingService {
  private static final Duration LOOK = Duration.ofMillis(100);

  private final EmbeddingListener listener;

  /** Creates a service. */
  public EmbeddingService(EmbeddingListener listener) {
    this.listener = listener;
  }

  /**
   * Embeds a text or refuses it.
   *
   * @param gone whether the client has gone away
   * @throws OutcropException where the encoder failed, or the client is gone
   */
  public Embedding embed(ServedEncoder model, String text, Caller caller, BooleanSupplier gone)
      throws InterruptedException {
    int[] tokens = model.tokenizer().apply(text);
    if (tokens.length > model.maxTokens()) {
      return new Embedding.TooLong(tokens.length);
    }
    EncodeRequest request = new EncodeRequest(caller.tenant(), caller.weight(), tokens);
    return switch (model.batcher().submit(request)) {
      case EncodeSubmit.Refused(var reason, var message, var retryAfter) ->
          new Embedding.Refused(reason, message, retryAfter);
      case EncodeSubmit.Accepted(var ticket) -> {
        float[] vector = vector(ticket, gone);
        listener.embedded(model, caller, tokens.length);
        yield new Embedding.Vector(vector, tokens.length);
      }
    };
  }

  private static float[] vector(EncodeTicket ticket, BooleanSupplier gone)
      throws InterruptedException {
    try (ticket) {
      @Nullable EncodeAnswer answer = ticket.await(LOOK);
      while (answer == null) {
        if (gone.getAsBoolean()) {
          throw new OutcropException(ServingError.CLIENT_GONE, "the client went away");
        }
        answer = ticket.await(LOOK);
      }
      return switch (answer) {
        case EncodeAnswer.Vector(var values) -> values;
        case EncodeAnswer.Failed(var error) -> throw error;
        case EncodeAnswer.Cancelled _ ->
            throw new OutcropException(ServingError.CLIENT_GONE, "the text was given up");
      };
    }
  }
}
