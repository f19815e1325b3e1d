package dev.outcrop.bench.http;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.StreamTimes;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenQueue;
import dev.outcrop.batching.TokenStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An engine that costs nothing: one thread hands every stream its tokens at the stream's own pace,
 * from the moment that all streams are there until it is told to end them. What it notes is when it
 * handed out each.
 */
final class PacedBatcher implements Batcher {
  /** Below this a thread wakes up more often than it has something to hand out. */
  private static final long TICK_NANOS = 200_000;

  private static final int[] NO_TOKENS = {};
  private static final float[] NO_LOGPROBS = {};

  private final Pace pace;
  private final int mostTokens;
  private final CountDownLatch submitted;
  private final AtomicReferenceArray<@Nullable Stream> streams;
  private final Thread thread = new Thread(this::run, "paced-engine");
  private volatile boolean ending;
  private volatile @Nullable RuntimeException fault;

  /**
   * How fast the streams are.
   *
   * @param streams how many
   * @param slowest tokens per second of the slowest stream
   * @param fastest tokens per second of the fastest; the others lie evenly between
   * @param together whether all streams get their first token at once, as one step of an engine
   *     hands them out, and not one after the other
   */
  record Pace(int streams, double slowest, double fastest, boolean together) {
    long intervalNanos(int stream) {
      double part = streams == 1 ? 0 : (double) stream / (streams - 1);
      return Math.round(1e9 / (slowest + part * (fastest - slowest)));
    }

    /** When a stream gets its first token, from the beginning. */
    long phaseNanos(int stream) {
      return together ? 0 : intervalNanos(stream) * stream / streams;
    }

    double tokensPerSecond() {
      return streams * (slowest + fastest) / 2;
    }
  }

  PacedBatcher(Pace pace, int mostTokens) {
    this.pace = pace;
    this.mostTokens = mostTokens;
    this.submitted = new CountDownLatch(pace.streams);
    this.streams = new AtomicReferenceArray<>(pace.streams);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public Fit fit(GenerateRequest request) {
    return new Fit.Fits(mostTokens);
  }

  /** A prompt is the number of its stream. */
  @Override
  public SubmitResult submit(GenerateRequest request) {
    Stream stream = new Stream(request.prompt().length, mostTokens);
    streams.set(request.prompt()[0], stream);
    submitted.countDown();
    return new SubmitResult.Accepted(stream);
  }

  /** Waits until every stream is there. */
  boolean awaitAll(Duration longest) throws InterruptedException {
    return submitted.await(longest.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** When a stream got a token, by {@link System#nanoTime}; 0 where it did not. */
  long handedOut(int stream, int token) {
    Stream paced = streams.get(stream);
    return paced == null ? 0 : paced.nanos.get(token);
  }

  /** Tokens that a stream got. */
  int tokens(int stream) {
    Stream paced = streams.get(stream);
    return paced == null ? 0 : paced.tokens;
  }

  /**
   * Ends every stream as if its limit were reached.
   *
   * @throws IllegalStateException where they ended before
   */
  void end() throws InterruptedException {
    ending = true;
    LockSupport.unpark(thread);
    thread.join();
    if (fault != null) {
      throw new IllegalStateException("the engine ended before the run did", fault);
    }
  }

  private void run() {
    try {
      submitted.await();
    } catch (InterruptedException e) {
      return;
    }
    try {
      handOut();
    } catch (RuntimeException e) {
      fault = e;
    } finally {
      for (int i = 0; i < pace.streams; i++) {
        stream(i).finish();
      }
    }
  }

  private void handOut() {
    int count = pace.streams;
    long[] due = new long[count];
    long[] interval = new long[count];
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      due[i] = start + pace.phaseNanos(i);
      interval[i] = pace.intervalNanos(i);
    }
    while (!ending) {
      long now = System.nanoTime();
      long next = Long.MAX_VALUE;
      for (int i = 0; i < count; i++) {
        while (due[i] <= now) {
          stream(i).token();
          due[i] += interval[i];
        }
        next = Math.min(next, due[i]);
      }
      LockSupport.parkNanos(Math.max(TICK_NANOS, next - System.nanoTime()));
    }
  }

  private Stream stream(int index) {
    Stream stream = streams.get(index);
    if (stream == null) {
      throw new IllegalStateException("a stream has no request");
    }
    return stream;
  }

  @Override
  public Signals signals() {
    return new Signals(
        0,
        pace.streams,
        0,
        0,
        0,
        0,
        1,
        1,
        0,
        0,
        0,
        System.nanoTime(),
        Signals.Reuse.NONE,
        Signals.Pace.NONE,
        Signals.Burn.NONE,
        Signals.Drafts.NONE,
        0,
        null);
  }

  @Override
  public Health health() {
    return new Health.Live();
  }

  @Override
  public void drain() {}

  @Override
  public void close() {
    ending = true;
    thread.interrupt();
  }

  /** One stream; the engine's thread writes it. */
  private static final class Stream implements TokenStream {
    private final TokenQueue queue = new TokenQueue();
    private final int promptTokens;
    private final AtomicLongArray nanos;
    private final long madeNanos = System.nanoTime();
    private volatile int tokens;

    Stream(int promptTokens, int mostTokens) {
      this.promptTokens = promptTokens;
      this.nanos = new AtomicLongArray(mostTokens);
    }

    private void token() {
      int index = tokens;
      if (index == nanos.length()) {
        throw new IllegalStateException("a stream has more tokens than it was made for");
      }
      nanos.set(index, System.nanoTime());
      queue.add(new TokenEvent.Token(index, Float.NaN, NO_TOKENS, NO_LOGPROBS, nanos.get(index)));
      tokens = index + 1;
    }

    private void finish() {
      queue.add(new TokenEvent.Finished(TokenEvent.FinishReason.LENGTH, promptTokens, 0, tokens));
    }

    @Override
    public TokenEvent next() throws InterruptedException {
      return queue.next();
    }

    @Override
    public @Nullable TokenEvent next(Duration timeout) throws InterruptedException {
      return queue.next(timeout);
    }

    @Override
    public PromptCache promptCache() {
      return PromptCache.NONE;
    }

    @Override
    public StreamTimes times() {
      return new StreamTimes(madeNanos, madeNanos, nanos.get(Math.max(0, tokens - 1)));
    }

    @Override
    public void close() {}
  }
}
