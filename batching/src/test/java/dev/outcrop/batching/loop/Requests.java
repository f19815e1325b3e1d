package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Builds requests and reads streams in the tests of the loop. */
final class Requests {
  private Requests() {}

  static Batcher start(Engine engine, BatchingConfig config) {
    return Batchers.start("test", engine, config, System::nanoTime);
  }

  static GenerateRequest request(int[] prompt, int maxTokens, int[] stopTokens) {
    return new GenerateRequest(prompt, maxTokens, Sampling.GREEDY, stopTokens, "tenant", 1);
  }

  static int[] prompt(int length, long seed) {
    return new Random(seed).ints(length, 0, 97).toArray();
  }

  static TokenStream accepted(Batcher batcher, GenerateRequest request) {
    SubmitResult result = batcher.submit(request);
    assertThat(result).isInstanceOf(SubmitResult.Accepted.class);
    return ((SubmitResult.Accepted) result).stream();
  }

  static TokenStream accepted(Batcher batcher, int[] prompt, int maxTokens) {
    return accepted(batcher, request(prompt, maxTokens, new int[0]));
  }

  static List<TokenEvent> readAll(TokenStream stream) throws InterruptedException {
    List<TokenEvent> events = new ArrayList<>();
    do {
      events.add(stream.next());
    } while (events.getLast() instanceof TokenEvent.Token);
    return events;
  }

  static int[] ids(List<TokenEvent> events) {
    return events.stream()
        .filter(TokenEvent.Token.class::isInstance)
        .mapToInt(event -> ((TokenEvent.Token) event).id())
        .toArray();
  }
}
