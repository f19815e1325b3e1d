package dev.outcrop.bench.soak;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.Sampling;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;

/**
 * One caller that asks again as soon as it has its answer, until it is interrupted. A part of its
 * requests it gives up in the middle; some repeat the beginning of an earlier one. A thread of its
 * own.
 */
final class Client implements Runnable {
  private static final int MOST_PROMPT = 192;
  private static final int MOST_TOKENS = 96;
  private static final int GIVE_UP_ONE_OF = 3;
  private static final Duration BACK_OFF = Duration.ofMillis(100);

  private final Batcher batcher;
  private final int vocabulary;
  private final SplittableRandom random;
  private final String tenant;
  private final Counts counts;

  /** What all callers together have seen. */
  record Counts(LongAdder requests, LongAdder cancels, LongAdder tokens, LongAdder failures) {
    Counts() {
      this(new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder());
    }
  }

  Client(Batcher batcher, int vocabulary, SplittableRandom random, String tenant, Counts counts) {
    this.batcher = batcher;
    this.vocabulary = vocabulary;
    this.random = random;
    this.tenant = tenant;
    this.counts = counts;
  }

  @Override
  public void run() {
    int[] last = prompt();
    try {
      while (true) {
        if (random.nextBoolean()) {
          last = prompt(); // else what the prefix cache knows
        }
        request(last);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int[] prompt() {
    return random.ints(1 + random.nextInt(MOST_PROMPT), 0, vocabulary).toArray();
  }

  private Sampling sampling() {
    return random.nextBoolean()
        ? Sampling.GREEDY
        : new Sampling(0.8, 40, 0.95, 0, 1.1, 0, 0, random.nextLong(), -1);
  }

  private void request(int[] prompt) throws InterruptedException {
    int most = 1 + random.nextInt(MOST_TOKENS);
    int giveUpAfter = random.nextInt(GIVE_UP_ONE_OF) == 0 ? random.nextInt(most) : most;
    GenerateRequest request =
        new GenerateRequest(
            prompt, most, sampling(), new int[0], GenerateRequest.Service.of(tenant, 1));
    counts.requests.increment();
    switch (batcher.submit(request)) {
      case SubmitResult.Accepted(TokenStream stream) -> {
        try (stream) {
          read(stream, giveUpAfter, most);
        }
      }
      case SubmitResult.Rejected _ -> {
        counts.failures.increment();
        Thread.sleep(BACK_OFF);
      }
    }
  }

  private void read(TokenStream stream, int giveUpAfter, int most) throws InterruptedException {
    for (int read = 0; read < giveUpAfter || giveUpAfter == most; read++) {
      switch (stream.next()) {
        case TokenEvent.Token _ -> counts.tokens.increment();
        case TokenEvent.Finished _ -> {
          return;
        }
        case TokenEvent.Failed _ -> {
          counts.failures.increment();
          return;
        }
      }
    }
    counts.cancels.increment();
  }
}
