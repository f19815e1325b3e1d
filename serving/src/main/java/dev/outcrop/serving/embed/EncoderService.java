package dev.outcrop.serving.embed;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.encode.EncodeAnswer;
import dev.outcrop.batching.encode.EncodeRequest;
import dev.outcrop.batching.encode.EncodeSubmit;
import dev.outcrop.batching.encode.EncodeTicket;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Allowance;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.LongTexts;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs texts through encoders: submit, and the vectors back. Everything runs on the thread of the
 * request. Safe to use from any thread.
 */
public final class EncoderService {
  private static final Duration LOOK = Duration.ofMillis(100);

  /** Texts that a request has in at a time: a few batches, and not the whole queue. */
  private static final int MOST_AT_ONCE = 256;

  private final EncoderListener listener;
  private final LongTexts longTexts;

  /**
   * Creates a service.
   *
   * @param longTexts where long texts wait for their turn at the tokenizer
   */
  public EncoderService(EncoderListener listener, LongTexts longTexts) {
    this.listener = listener;
    this.longTexts = longTexts;
  }

  /**
   * The tokens of a request's texts.
   *
   * @param characters of all texts together; a query counts with every document
   * @param gone whether the client has gone away
   */
  public List<EncoderText.Tokens> encode(
      long characters, BooleanSupplier gone, Supplier<List<EncoderText.Tokens>> encoding)
      throws InterruptedException {
    return longTexts.encode(characters, gone, encoding);
  }

  /**
   * Runs the texts of a request or refuses them. Where the queue takes only some of them the rest
   * follows as these come out, so a request that has begun is not refused for its own size.
   *
   * @param purpose what it is counted under
   * @param gone whether the client has gone away
   * @throws OutcropException where a text has no tokens, the encoder failed, or the client is gone
   */
  public EncoderAnswer run(
      ServedEncoder model,
      List<EncoderText.Tokens> texts,
      Caller caller,
      Purpose purpose,
      BooleanSupplier gone)
      throws InterruptedException {
    int tokens = 0;
    for (int i = 0; i < texts.size(); i++) {
      int count = texts.get(i).count();
      if (count == 0) {
        throw new OutcropException(ServingError.REQUEST_INVALID, "a text has no tokens");
      }
      if (count > model.maxTokens()) {
        return new EncoderAnswer.TooLong(i, count);
      }
      tokens += count;
    }
    return switch (caller.allowance().tokens(tokens)) {
      case Allowance.Answer.Throttled(var message, var retryAfter) ->
          new EncoderAnswer.Refused(SubmitResult.Reason.TENANT_QUOTA, message, retryAfter);
      case Allowance.Answer.Granted(var share) -> {
        try (share) {
          EncoderAnswer answer = vectors(model, texts, tokens, caller, gone);
          if (answer instanceof EncoderAnswer.Vectors) {
            share.settle(tokens);
            listener.encoded(model, caller, purpose, tokens);
          }
          yield answer;
        }
      }
    };
  }

  private static EncoderAnswer vectors(
      ServedEncoder model,
      List<EncoderText.Tokens> texts,
      int tokens,
      Caller caller,
      BooleanSupplier gone)
      throws InterruptedException {
    List<float[]> vectors = new ArrayList<>(texts.size());
    Deque<EncodeTicket> open = new ArrayDeque<>();
    try {
      while (vectors.size() < texts.size()) {
        EncodeSubmit.Refused refused = fill(model, texts, vectors.size(), open, caller);
        EncodeTicket first = open.poll();
        if (first == null) {
          return refusal(refused);
        }
        vectors.add(vector(first, gone));
      }
    } finally {
      open.forEach(EncodeTicket::close);
    }
    return new EncoderAnswer.Vectors(vectors, tokens);
  }

  /** Submits texts until enough are in; answers what refused the next one, or null. */
  private static EncodeSubmit.@Nullable Refused fill(
      ServedEncoder model,
      List<EncoderText.Tokens> texts,
      int done,
      Deque<EncodeTicket> open,
      Caller caller) {
    while (open.size() < MOST_AT_ONCE && done + open.size() < texts.size()) {
      EncoderText.Tokens text = texts.get(done + open.size());
      EncodeRequest request =
          EncodeRequest.of(caller.tenant(), caller.weight(), text.ids(), text.types());
      switch (model.batcher().submit(request)) {
        case EncodeSubmit.Accepted(var ticket) -> open.add(ticket);
        case EncodeSubmit.Refused refused -> {
          return refused;
        }
      }
    }
    return null;
  }

  private static EncoderAnswer refusal(EncodeSubmit.@Nullable Refused refused) {
    if (refused == null) {
      throw new IllegalStateException("no text is in, and none was refused");
    }
    return new EncoderAnswer.Refused(refused.reason(), refused.message(), refused.retryAfter());
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
        case EncodeAnswer.Vector(var values) -> finite(values);
        case EncodeAnswer.Failed(var error) -> throw error;
        case EncodeAnswer.Cancelled _ ->
            throw new OutcropException(ServingError.CLIENT_GONE, "the text was given up");
      };
    }
  }

  /** JSON has no word for what is not a number. */
  private static float[] finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new OutcropException(ModelError.STEP_FAILED, "the encoder gave what is no number");
      }
    }
    return values;
  }
}
