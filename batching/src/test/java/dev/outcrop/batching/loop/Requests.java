package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.FakeEngine.NextToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Builds requests and reads streams in the tests of the loop. */
final class Requests {
  private Requests() {}

  static final NextToken NEXT = NextToken.hashed(97);

  /** The tokens that a request gets alone, and so in any batch. */
  static int[] expected(int[] prompt, int maxTokens, int... stopTokens) {
    int[] all = Arrays.copyOf(prompt, prompt.length + maxTokens);
    int length = prompt.length;
    while (length < all.length) {
      int token = NEXT.next(all, prompt.length, length);
      if (Arrays.stream(stopTokens).anyMatch(stop -> stop == token)) {
        break;
      }
      all[length++] = token;
    }
    return Arrays.copyOfRange(all, prompt.length, length);
  }

  /** An engine that takes no time and does not fail. */
  static FakeEngine engine(KvGeometry geometry) {
    return new FakeEngine(geometry, 97);
  }

  static Batcher start(Engine engine, BatchingConfig config) {
    return Batchers.start("test", engine, config, System::nanoTime);
  }

  static GenerateRequest request(int[] prompt, int maxTokens, int... stopTokens) {
    return new GenerateRequest(
        prompt, maxTokens, Sampling.GREEDY, stopTokens, Service.of("tenant", 1));
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
    return accepted(batcher, request(prompt, maxTokens));
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
