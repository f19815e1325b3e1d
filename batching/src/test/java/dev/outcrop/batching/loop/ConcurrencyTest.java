package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.KvGeometry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A thousand clients, many of which leave early. */
@Timeout(120)
class ConcurrencyTest {
  private static final int CLIENTS = 1_000;
  private static final KvGeometry GEOMETRY = new KvGeometry(8, 100, 1, 400);
  private static final BatchingConfig CONFIG = new BatchingConfig(16, 48, CLIENTS, 100_000, 20);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givesEachClientItsTokensAndAllKvBack(long seed) throws Exception {
    try (Batcher batcher = Requests.start(Requests.engine(GEOMETRY), CONFIG)) {
      try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<List<TokenEvent>>> futures = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          long own = seed * CLIENTS + i;
          Callable<List<TokenEvent>> client = () -> client(batcher, new Random(own));
          futures.add(clients.submit(client));
        }
        for (Future<List<TokenEvent>> future : futures) {
          assertThat(future.get().stream().filter(event -> !(event instanceof TokenEvent.Token)))
              .as("one end per request")
              .hasSize(1);
        }
      }

      Signals signals = batcher.signals();
      assertThat(signals.kvUnitsReferenced()).isZero();
      assertThat(signals.running()).isZero();
      assertThat(signals.waiting()).isZero();
      assertThat(signals.waitingPromptTokens()).isZero();
      assertThat(batcher.alive()).isTrue();
    }
  }

  /** Reads all tokens, or leaves before the start, in the middle, or together with the end. */
  @SuppressWarnings("try") // a second close is part of what is tested
  private static List<TokenEvent> client(Batcher batcher, Random random) throws Exception {
    int[] prompt = random.ints(1 + random.nextInt(120), 0, 97).toArray();
    int maxTokens = 1 + random.nextInt(60);
    int leaveAfter = random.nextBoolean() ? random.nextInt(maxTokens + 1) : Integer.MAX_VALUE;
    List<TokenEvent> events = new ArrayList<>();
    try (TokenStream stream = Requests.accepted(batcher, prompt, maxTokens)) {
      do {
        if (events.size() == leaveAfter) {
          stream.close();
        }
        events.add(stream.next());
      } while (events.getLast() instanceof TokenEvent.Token);
      assertThat(stream.next()).isSameAs(events.getLast());
    }
    int[] ids = Requests.ids(events);
    assertThat(ids).containsExactly(Requests.expected(prompt, ids.length));
    TokenEvent.Finished end = (TokenEvent.Finished) events.getLast();
    switch (end.reason()) {
      case LENGTH -> assertThat(ids).hasSize(maxTokens);
      case CANCELLED -> assertThat(leaveAfter).isLessThanOrEqualTo(ids.length);
      case STOP -> throw new AssertionError("no stop token was given");
    }
    assertThat(end.promptTokens()).isEqualTo(prompt.length);
    assertThat(end.completionTokens()).isEqualTo(ids.length);
    return events;
  }
}
