package dev.outcrop.serving.bedrock;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.Outcome;
import dev.outcrop.serving.generate.RunningGeneration;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.http.Faults;
import dev.outcrop.serving.http.ResponseStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs generations to their end, whole or streamed. The HTTP status is decided by the first event:
 * an error before it is an HTTP error, one after it is a frame. On the request's thread.
 */
final class Runner {
  private static final Logger LOG = LoggerFactory.getLogger(Runner.class);

  /** The most frames of one write. */
  private static final int MOST_AT_ONCE = 64;

  private final GenerationService service;
  private final EventFrames frames;

  Runner(GenerationService service, EventFrames frames) {
    this.service = service;
    this.frames = frames;
  }

  /**
   * Answers in one piece.
   *
   * @param invoke whether token counts and tier go into headers, as InvokeModel has it
   */
  void whole(
      Exchange exchange, ServedModel model, Generation generation, Answer answer, boolean invoke)
      throws InterruptedException {
    switch (start(exchange, model, generation)) {
      case Outcome.Refused refused -> refuse(exchange, refused);
      case Outcome.Running(var run) -> {
        try (run) {
          whole(exchange, run, answer, invoke);
        }
      }
    }
  }

  private static void whole(Exchange exchange, RunningGeneration run, Answer answer, boolean invoke)
      throws InterruptedException {
    List<GenerationEvent> events = new ArrayList<>();
    while (true) {
      GenerationEvent event = run.next();
      switch (event) {
        case GenerationEvent.Failed(var error) -> throw error;
        case GenerationEvent.Ended end -> {
          exchange.send(
              answer.whole(events, end), invoke ? invokeHeaders(exchange, answer, end) : Map.of());
          return;
        }
        case GenerationEvent.Text _,
            GenerationEvent.Reasoning _,
            GenerationEvent.ToolStart _,
            GenerationEvent.ToolArguments _,
            GenerationEvent.ToolEnd _,
            GenerationEvent.ToolBroken _ ->
            events.add(event);
      }
    }
  }

  /**
   * Answers with an event stream.
   *
   * @param invoke whether the body's type and the tier go into headers, as InvokeModel has it
   */
  void stream(
      Exchange exchange, ServedModel model, Generation generation, Answer answer, boolean invoke)
      throws InterruptedException {
    switch (start(exchange, model, generation)) {
      case Outcome.Refused refused -> refuse(exchange, refused);
      case Outcome.Running(var run) -> {
        try (run) {
          stream(exchange, run, answer, invoke ? invokeHeaders(exchange, run) : Map.of());
        }
      }
    }
  }

  private void stream(
      Exchange exchange, RunningGeneration run, Answer answer, Map<String, String> headers)
      throws InterruptedException {
    GenerationEvent first = run.next();
    if (first instanceof GenerationEvent.Failed(var error)) {
      throw error;
    }
    ResponseStream out = exchange.stream(EventFrames.CONTENT_TYPE, headers);
    List<byte[]> opening = new ArrayList<>(answer.start());
    try {
      stream(run, first, answer, opening, out);
    } catch (OutcropException e) {
      if (e.code() == ServingError.CLIENT_GONE) {
        throw e;
      }
      LOG.warn("request {} failed in its stream: {}", exchange.id(), e.code().name());
      exchange.broke(ApiError.of(e));
      out.write(Failures.frame(frames, e));
    } catch (InterruptedException e) {
      // The thread stays as it is: Helidon writes the end of the answer when this has returned.
      LOG.warn("request {} was interrupted in its stream", exchange.id());
      exchange.broke(Failures.STOPPED);
      out.write(Failures.stopped(frames));
    } catch (RuntimeException | Error e) {
      Faults.log(LOG, exchange.id(), e);
      exchange.broke(ApiError.internal());
      out.write(Failures.fault(frames));
    }
    out.end();
  }

  /** One write for each event, and for those that are there already when it is written. */
  private static void stream(
      RunningGeneration run,
      GenerationEvent first,
      Answer answer,
      List<byte[]> opening,
      ResponseStream out)
      throws InterruptedException {
    List<byte[]> batch = opening;
    GenerationEvent event = first;
    while (true) {
      switch (event) {
        case GenerationEvent.Failed(var error) -> {
          write(batch, out);
          throw error;
        }
        case GenerationEvent.Ended end -> {
          batch.addAll(answer.end(end));
          write(batch, out);
          return;
        }
        case GenerationEvent.Text _,
            GenerationEvent.Reasoning _,
            GenerationEvent.ToolStart _,
            GenerationEvent.ToolArguments _,
            GenerationEvent.ToolEnd _,
            GenerationEvent.ToolBroken _ ->
            batch.addAll(answer.more(event, run.promptTokens()));
      }
      GenerationEvent queued = batch.size() < MOST_AT_ONCE ? run.poll() : null;
      if (queued == null) {
        write(batch, out);
        batch.clear();
        event = run.next();
      } else {
        event = queued;
      }
    }
  }

  private static void write(List<byte[]> batch, ResponseStream out) {
    if (!batch.isEmpty()) {
      out.write(batch.size() == 1 ? batch.getFirst() : joined(batch));
    }
  }

  private Outcome start(Exchange exchange, ServedModel model, Generation generation)
      throws InterruptedException {
    return service.start(
        model,
        generation,
        exchange.caller(),
        exchange.purpose(),
        exchange.arrivedNanos(),
        exchange.watchClient()::gone);
  }

  private static void refuse(Exchange exchange, Outcome.Refused refused) {
    exchange.fail(ApiError.of(refused.reason(), refused.message(), refused.retryAfter()));
  }

  private static Map<String, String> invokeHeaders(Exchange exchange, RunningGeneration run) {
    Map<String, String> headers = new HashMap<>();
    headers.put("X-Amzn-Bedrock-Content-Type", "application/json");
    ServiceOptions.addLatency(exchange, headers);
    run.tier().ifPresent(tier -> headers.put(ServiceOptions.TIER_HEADER, tier.word()));
    return headers;
  }

  private static Map<String, String> invokeHeaders(
      Exchange exchange, Answer answer, GenerationEvent.Ended end) {
    Map<String, String> headers = new HashMap<>(answer.headers(end));
    ServiceOptions.addLatency(exchange, headers);
    Tier tier = end.tier();
    if (tier != null) {
      headers.put(ServiceOptions.TIER_HEADER, tier.word());
    }
    return headers;
  }

  private static byte[] joined(List<byte[]> parts) {
    int length = parts.stream().mapToInt(part -> part.length).sum();
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
