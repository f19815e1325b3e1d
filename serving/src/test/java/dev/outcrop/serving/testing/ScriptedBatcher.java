package dev.outcrop.serving.testing;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.EngineTimes;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.StreamTimes;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledFacts;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A batcher that answers from a script: the text of a completion by request. With {@link #hold} it
 * gives only the tokens that the test lets through, one by one.
 */
public final class ScriptedBatcher implements Batcher {
  private static final long QUEUE_NANOS = 500_000_000;
  private static final long PREFILL_NANOS = 250_000_000;
  private static final long TOKEN_NANOS = 20_000_000;

  private final Function<GenerateRequest, String> script;
  public final List<GenerateRequest> requests = new CopyOnWriteArrayList<>();
  public final List<Stream> streams = new CopyOnWriteArrayList<>();
  public volatile SubmitResult.Rejected refusal;
  public volatile OutcropException failure;
  public volatile int failAfter;

  /** What happens, where it is set, in place of the token after {@link #failAfter} tokens. */
  public volatile Fault fault;

  public volatile boolean hold;
  public volatile Health health = new Health.Live();
  public volatile boolean draining;
  public volatile int cachedTokens;

  /** Tokens that fit after a prompt; requests for more that do not do with fewer ignore it. */
  public volatile int room = Integer.MAX_VALUE;

  public volatile int writtenTokens;

  /** Whether it has done what it says of its work; a bill begins before it has. */
  public volatile boolean worked = true;

  /** Forgets requests and streams that are over, for runs of a million. */
  public volatile boolean forgets;

  private final AtomicInteger notClosed = new AtomicInteger();

  /** What no engine does, in the thread that reads a stream. */
  public interface Fault {
    void strike() throws InterruptedException;
  }

  public ScriptedBatcher(Function<GenerateRequest, String> script) {
    this.script = script;
  }

  @Override
  public Fit fit(GenerateRequest request) {
    SubmitResult.Rejected refused = refusal;
    if (refused != null
        && (refused.reason() == SubmitResult.Reason.NEVER_FITS
            || refused.reason() == SubmitResult.Reason.COMPLETION_NEVER_FITS)) {
      return new Fit.Never(refused.reason(), refused.message());
    }
    int wish =
        request.maxTokens() == GenerateRequest.AS_MANY_AS_FIT
            ? BatchingConfig.DEFAULT.defaultMaxTokens()
            : request.maxTokens();
    return new Fit.Fits(request.orFewer() ? Math.min(wish, room) : wish);
  }

  @Override
  public SubmitResult submit(GenerateRequest request) {
    if (refusal != null) {
      return refusal;
    }
    if (draining) {
      return new SubmitResult.Rejected(
          SubmitResult.Reason.DRAINING, "draining", Duration.ofSeconds(1));
    }
    Stream stream = new Stream(request);
    notClosed.incrementAndGet();
    if (!forgets) {
      requests.add(request);
      streams.add(stream);
    }
    if (!hold) {
      stream.release(Integer.MAX_VALUE);
    }
    return new SubmitResult.Accepted(stream);
  }

  /** Streams that nobody has closed or read to the end. */
  public long open() {
    return forgets ? notClosed.get() : streams.stream().filter(stream -> !stream.closed).count();
  }

  @Override
  public Signals signals() {
    return new Signals(
        0,
        (int) open(),
        0,
        0,
        (int) open(),
        0,
        100,
        16,
        0,
        0,
        0,
        System.nanoTime(),
        worked ? new Signals.Reuse(30, 70, 2) : new Signals.Reuse(0, 0, 0),
        new Signals.Pace(5_000, 400, 1.5, 2, 48),
        new Signals.Burn(0.5, 3),
        new Signals.Drafts(40, 25),
        12,
        new CompiledFacts(100, 5, 1L << 30));
  }

  /** A second for prompts, three for completions, six for nobody. */
  @Override
  public EngineTimes engineTimes() {
    if (!worked) {
      return EngineTimes.NONE;
    }
    long second = 1_000_000_000;
    return new EngineTimes(
        List.of(new EngineTimes.Used("team", Tier.PRIORITY, second, 3 * second)), 6 * second);
  }

  @Override
  public Health health() {
    return health;
  }

  @Override
  public void drain() {
    draining = true;
  }

  @Override
  public void close() {
    health = new Health.Dead("closed");
  }

  /** One scripted stream. */
  public final class Stream implements TokenStream {
    private final GenerateRequest request;
    private final int[] tokens;
    private final BlockingQueue<TokenEvent> events = new LinkedBlockingQueue<>();
    private int released;
    private int read;
    private TokenEvent last;
    public volatile boolean closed;

    Stream(GenerateRequest request) {
      this.request = request;
      this.tokens = ByteText.bytes(script.apply(request));
    }

    /** Lets tokens through. */
    public synchronized void release(int count) {
      int limit = request.maxTokens() == 0 ? Integer.MAX_VALUE : request.maxTokens();
      limit = request.orFewer() ? Math.min(limit, room) : limit;
      int length = Math.min(tokens.length, limit);
      for (int i = 0; i < count && released <= length; i++, released++) {
        if (failure != null && released == failAfter) {
          events.add(new TokenEvent.Failed(failure));
          return;
        }
        if (released < length) {
          int k = Math.max(0, request.sampling().logprobs());
          int[] top = new int[k];
          float[] topLogprobs = new float[k];
          java.util.Arrays.fill(top, tokens[released]);
          events.add(
              new TokenEvent.Token(
                  tokens[released],
                  request.sampling().logprobs() >= 0 ? -0.25f : Float.NaN,
                  top,
                  topLogprobs,
                  made(released)));
        } else {
          boolean cut = length < tokens.length;
          events.add(
              new TokenEvent.Finished(
                  cut ? TokenEvent.FinishReason.LENGTH : TokenEvent.FinishReason.STOP,
                  request.prompt().length,
                  cachedTokens,
                  cut ? length : length + 1));
        }
      }
    }

    @Override
    public TokenEvent next() throws InterruptedException {
      return last != null ? last : remember(events.take());
    }

    @Override
    public TokenEvent next(Duration timeout) throws InterruptedException {
      return last != null ? last : remember(events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Half a second in the queue, a quarter to the first token, 20 ms to each of the others. */
    @Override
    public StreamTimes times() {
      return new StreamTimes(0, QUEUE_NANOS, made(Math.max(0, released - 1)));
    }

    private static long made(int token) {
      return QUEUE_NANOS + PREFILL_NANOS + token * TOKEN_NANOS;
    }

    @Override
    public PromptCache promptCache() {
      return new PromptCache(cachedTokens, writtenTokens);
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        notClosed.decrementAndGet();
      }
    }

    private TokenEvent remember(TokenEvent event) throws InterruptedException {
      if (fault != null && event != null && read++ == failAfter) {
        fault.strike();
      }
      if (event instanceof TokenEvent.Finished || event instanceof TokenEvent.Failed) {
        last = event;
      }
      return event;
    }
  }
}
