package dev.outcrop.serving.generate;

import dev.outcrop.batching.PromptCache;
import dev.outcrop.batching.StreamTimes;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Allowance;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.error.ServingError;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A generation that was accepted. Read and closed by one thread at a time, which belongs to the
 * request; {@link #abort} may come from any other.
 */
public final class RunningGeneration implements AutoCloseable {
  /** How often a waiting generation looks whether its client is still there. */
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Context context;
  private final TokenStream stream;
  private final @Nullable Tier tier;
  private final int promptTokens;
  private final TextAssembler assembler;
  private final Consumer<RunningGeneration> onClose;
  private final ArrayDeque<GenerationEvent> ready = new ArrayDeque<>();
  private @Nullable GenerationEvent last;
  private long firstTokenNanos;
  private boolean made;
  private long firstMadeNanos;
  private long lastMadeNanos;
  private boolean closed;
  private volatile boolean aborted;

  RunningGeneration(
      Context context,
      TokenStream stream,
      @Nullable Tier tier,
      int promptTokens,
      TextAssembler assembler,
      Consumer<RunningGeneration> onClose) {
    this.context = context;
    this.stream = stream;
    this.tier = tier;
    this.promptTokens = promptTokens;
    this.assembler = assembler;
    this.onClose = onClose;
  }

  /**
   * The next event; blocks until there is one. After the last event it returns that again. A client
   * that goes away while this waits makes it return {@link GenerationEvent.Failed}.
   */
  public GenerationEvent next() throws InterruptedException {
    while (ready.isEmpty()) {
      if (last != null) {
        return last;
      }
      TokenEvent event = stream.next(LOOK);
      if (aborted) {
        failed(
            new OutcropException(
                ServingError.DRAINING, "The server is shutting down; the generation was cut off."));
      } else if (context.gone.getAsBoolean()) {
        failed(new OutcropException(ServingError.CLIENT_GONE, "the client went away"));
      } else if (event != null) {
        accept(event);
      }
    }
    return taken(ready.remove());
  }

  /** The next event if it is there already, else null. */
  public @Nullable GenerationEvent poll() throws InterruptedException {
    while (ready.isEmpty()) {
      TokenEvent event = last == null ? stream.next(Duration.ZERO) : null;
      if (event == null) {
        return null;
      }
      accept(event);
    }
    return taken(ready.remove());
  }

  private GenerationEvent taken(GenerationEvent event) {
    if (event instanceof GenerationEvent.Ended || event instanceof GenerationEvent.Failed) {
      last = event;
    } else if (context.oneCall && event instanceof GenerationEvent.ToolEnd) {
      endTurn();
    }
    return event;
  }

  /** As if the model had ended its turn itself here: what it had begun since is dropped. */
  private void endTurn() {
    stream.close();
    ready.clear();
    ready.add(ended(GenerationEvent.Reason.END, assembler.tokens()));
  }

  /** The tier that serves it, where the request named one or got another than default. */
  public Optional<Tier> tier() {
    return Optional.ofNullable(tier);
  }

  /** Tokens of the prompt. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Ends the generation if it still runs and tells the listener once. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    stream.close();
    onClose.accept(this);
    GenerationEvent end = last != null ? last : ready.peekLast();
    GenerationListener.Result how =
        switch (end) {
          case GenerationEvent.Ended _ -> GenerationListener.Result.COMPLETED;
          case GenerationEvent.Failed(var error) when error.code() != ServingError.CLIENT_GONE ->
              GenerationListener.Result.FAILED;
          case null -> GenerationListener.Result.ABANDONED;
          case GenerationEvent.Failed _,
              GenerationEvent.Text _,
              GenerationEvent.Reasoning _,
              GenerationEvent.ToolStart _,
              GenerationEvent.ToolArguments _,
              GenerationEvent.ToolEnd _,
              GenerationEvent.ToolBroken _ ->
              GenerationListener.Result.ABANDONED;
        };
    GenerationEvent.Usage usage =
        end instanceof GenerationEvent.Ended ended ? ended.usage() : usage(assembler.tokens());
    // Reused tokens cost next to nothing, and do not count on Bedrock either.
    context.tokens.settle(
        usage.promptTokens() - usage.cachedPromptTokens() + (long) usage.completionTokens());
    context.listener.over(
        new GenerationListener.Over(
            context.model,
            context.caller,
            context.purpose,
            how,
            end instanceof GenerationEvent.Ended ended ? ended : null,
            usage,
            phases()));
  }

  private GenerationListener.@Nullable Phases phases() {
    StreamTimes times = made ? stream.times() : null;
    return times == null
        ? null
        : new GenerationListener.Phases(
            times.scheduledNanos() - times.queuedNanos(),
            firstMadeNanos - times.scheduledNanos(),
            lastMadeNanos - firstMadeNanos);
  }

  /** Notes when a token came out of the model, which was before it was read. */
  private void made(long nanos) {
    if (made) {
      context.listener.nextToken(context.model, nanos - lastMadeNanos);
    } else {
      made = true;
      firstMadeNanos = nanos;
      firstTokenNanos = context.nanoTime.getAsLong();
      context.listener.firstToken(context.model, firstTokenNanos - context.arrivedNanos);
    }
    lastMadeNanos = nanos;
  }

  /** Makes the reader see an error soon. */
  void abort() {
    aborted = true;
  }

  private void accept(TokenEvent event) {
    List<GenerationEvent> out = new ArrayList<>();
    switch (event) {
      case TokenEvent.Token token -> {
        made(token.nanos());
        assembler.add(token, out);
        if (assembler.stopString() != null) {
          stream.close();
          assembler.finish(out);
          out.add(ended(GenerationEvent.Reason.STOP_STRING, assembler.tokens()));
        }
      }
      case TokenEvent.Finished(var reason, _, _, var completion) -> {
        StreamTimes times = reason == TokenEvent.FinishReason.STOP ? stream.times() : null;
        if (times != null) {
          made(times.lastTokenNanos());
        }
        assembler.finish(out);
        switch (reason) {
          case STOP -> out.add(ended(GenerationEvent.Reason.END, completion));
          case LENGTH -> out.add(ended(GenerationEvent.Reason.LENGTH, completion));
          case CANCELLED ->
              out.add(
                  new GenerationEvent.Failed(
                      new OutcropException(
                          ServingError.MODEL_DEAD, "The generation was cancelled by the server.")));
        }
      }
      case TokenEvent.Failed(var error) -> out.add(new GenerationEvent.Failed(error));
    }
    ready.addAll(out);
  }

  private GenerationEvent.Ended ended(GenerationEvent.Reason reason, int completionTokens) {
    boolean met = assembler.stopString() != null;
    GenerationEvent.Reason why = met ? GenerationEvent.Reason.STOP_STRING : reason;
    if (why == GenerationEvent.Reason.END) {
      why = assembler.endOfTurn();
    }
    long now = context.nanoTime.getAsLong();
    long first = made ? firstTokenNanos : now;
    return new GenerationEvent.Ended(
        why,
        assembler.stopString(),
        usage(completionTokens),
        first - context.arrivedNanos,
        now - context.arrivedNanos,
        tier);
  }

  private GenerationEvent.Usage usage(int completionTokens) {
    PromptCache cache = stream.promptCache();
    return new GenerationEvent.Usage(
        promptTokens, cache.readTokens(), cache.writtenTokens(), completionTokens);
  }

  private void failed(OutcropException error) {
    stream.close();
    ready.add(new GenerationEvent.Failed(error));
  }

  /**
   * What a generation knows of its surroundings.
   *
   * @param tokens what was taken of the caller's quota for it
   * @param oneCall whether its turn is over when it has called a tool
   */
  record Context(
      ServedModel model,
      Caller caller,
      Purpose purpose,
      Allowance.Share tokens,
      GenerationListener listener,
      LongSupplier nanoTime,
      long arrivedNanos,
      BooleanSupplier gone,
      boolean oneCall) {}
}
