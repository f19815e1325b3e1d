package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.ModelError;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A client that holds each token against what it should be, and the end against what it did. */
final class ChaosClient {
  /** The first token of a prompt whose rows fail once some tokens are out. */
  static final int POISON = 96;

  private final GenerateRequest request;
  private final TokenStream stream;
  private int[] tokens;
  private int known;
  private boolean left;
  private @Nullable TokenEvent end;

  ChaosClient(GenerateRequest request, TokenStream stream) {
    this.request = request;
    this.stream = stream;
    this.tokens = Arrays.copyOf(request.prompt(), request.prompt().length + 8);
    this.known = request.prompt().length;
  }

  String tenant() {
    return request.service().tenant();
  }

  boolean hasLeft() {
    return left;
  }

  /** Closes its stream, perhaps for the second time. */
  void leave() {
    left = true;
    stream.close();
  }

  /** Reads what there is; answers whether the end was among it. */
  boolean read() throws InterruptedException {
    TokenEvent event = stream.next(Duration.ZERO);
    while (event != null && !take(event)) {
      event = stream.next(Duration.ZERO);
    }
    return event != null;
  }

  /** Reads to the end. */
  TokenEvent readAll() throws InterruptedException {
    TokenEvent event = stream.next();
    while (!take(event)) {
      event = stream.next();
    }
    return event;
  }

  @Nullable TokenEvent end() {
    return end;
  }

  private boolean take(TokenEvent event) {
    return switch (event) {
      case TokenEvent.Token(int id, _, var top, _, _) -> {
        assertThat(id).as("the token it gets alone").isEqualTo(nextAlone());
        assertThat(top).hasSize(Math.max(0, request.sampling().logprobs()));
        if (known == tokens.length) {
          tokens = Arrays.copyOf(tokens, 2 * known);
        }
        tokens[known++] = id;
        yield false;
      }
      case TokenEvent.Finished finished -> {
        ended(finished);
        yield true;
      }
      case TokenEvent.Failed failed -> {
        ended(failed);
        yield true;
      }
    };
  }

  private int nextAlone() {
    return Requests.NEXT.next(tokens, request.prompt().length, known);
  }

  private void ended(TokenEvent.Finished finished) {
    int completion = known - request.prompt().length;
    assertThat(end).as("one end").isNull();
    end = finished;
    switch (finished.reason()) {
      case STOP -> {
        int stop = nextAlone();
        assertThat(request.stopTokens()).contains(stop);
        completion++;
      }
      case LENGTH -> {
        if (request.maxTokens() != GenerateRequest.AS_MANY_AS_FIT) {
          assertThat(completion).isEqualTo(request.maxTokens());
        }
      }
      case CANCELLED -> assertThat(left).as("only who left is cancelled").isTrue();
    }
    assertThat(finished.promptTokens()).isEqualTo(request.prompt().length);
    assertThat(finished.completionTokens()).isEqualTo(completion);
    assertThat(finished.cachedPromptTokens()).isBetween(0, request.prompt().length - 1);
  }

  private void ended(TokenEvent.Failed failed) {
    assertThat(end).as("one end").isNull();
    end = failed;
    if (failed.error().code() == BatchingError.SEQUENCE_FAILED) {
      assertThat(request.prompt()[0]).as("only poison fails alone").isEqualTo(POISON);
    } else {
      assertThat(failed.error().code())
          .isIn(ModelError.STEP_FAILED, ModelError.ENGINE_DEAD, BatchingError.BATCHER_CLOSED);
    }
  }
}
