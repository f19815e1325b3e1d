package dev.outcrop.batching.loop;

import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.StreamTimes;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenQueue;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.schedule.Sequence;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The way of one request's tokens from the engine thread to its reader. The queue has no bound of
 * its own and needs none: a sequence generates at most maxTokens tokens and one end, so the engine
 * thread never waits for a slow reader.
 */
final class RequestStream implements TokenStream {
  /** When it was submitted, and when the engine thread had its first token. */
  final long submittedNanos;

  long firstNanos;
  private long lastNanos;
  private final Sequence sequence;
  private final Tenants.Tenant tenant;
  private final Intake intake;
  private final TokenQueue events = new TokenQueue();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean ended;

  RequestStream(Sequence sequence, Tenants.Tenant tenant, Intake intake, long submittedNanos) {
    this.submittedNanos = submittedNanos;
    this.sequence = sequence;
    this.tenant = tenant;
    this.intake = intake;
  }

  /** Engine thread: a token came, which may be a stop token; before anybody hears of it. */
  void came(long now) {
    lastNanos = now;
  }

  /** Engine thread: hands a token to the reader. */
  void publish(TokenEvent.Token token) {
    events.add(token);
  }

  /** Engine thread: hands the last event to the reader. */
  void end(TokenEvent event) {
    ended = true;
    intake.left(tenant, sequence.promptTokens(), sequence.promptTokens() + sequence.maxTokens());
    events.add(event);
  }

  @Override
  public TokenEvent next() throws InterruptedException {
    return events.next();
  }

  @Override
  public @Nullable TokenEvent next(Duration timeout) throws InterruptedException {
    return events.next(timeout);
  }

  @Override
  public PromptCache promptCache() {
    return sequence.promptCache();
  }

  @Override
  public @Nullable StreamTimes times() {
    return sequence.hasStarted()
        ? new StreamTimes(submittedNanos, sequence.startedNanos(), lastNanos)
        : null;
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true) && !ended) {
      intake.cancel(sequence);
    }
  }
}
