package dev.outcrop.serving.openai;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Allowance;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.Outcome;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.http.Faults;
import dev.outcrop.serving.http.OpenAiError;
import dev.outcrop.serving.http.ResponseStream;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.transport.ClientWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs requests of OpenAI's API to their end, whole or streamed. The HTTP status is decided by the
 * first event: an error before it is an HTTP error, one after it is an event of the stream. On the
 * request's thread.
 */
final class AnswerRunner {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerRunner.class);
  private static final Map<String, String> STREAM_HEADERS = Map.of("Cache-Control", "no-cache");

  /** From how many events on a write does not wait for more that are there already. */
  private static final int MOST_AT_ONCE = 64;

  private final GenerationService service;
  private final Json json;

  AnswerRunner(GenerationService service, Json json) {
    this.service = service;
    this.json = json;
  }

  /**
   * Answers a request.
   *
   * @param streaming whether the answer comes event by event
   */
  void run(Exchange exchange, ServedModel model, Plan plan, Answer answer, boolean streaming)
      throws InterruptedException {
    Allowance allowance = exchange.caller().allowance();
    if (plan.choices() == 1) {
      start(exchange, model, plan, answer, streaming);
    } else if (plan.choices() > allowance.mostOfARequest()) {
      exchange.fail(
          ApiError.validation(
              "The request asks for %d completions; the quota allows %d at once or in a minute."
                  .formatted(plan.choices(), allowance.mostOfARequest())));
    } else {
      switch (allowance.moreOfARequest(plan.choices() - 1)) {
        case Allowance.Answer.Throttled(var message, var retryAfter) ->
            exchange.fail(ApiError.throttled(message, retryAfter));
        case Allowance.Answer.Granted(var share) -> {
          try (share) {
            start(exchange, model, plan, answer, streaming);
          }
        }
      }
    }
  }

  private void start(
      Exchange exchange, ServedModel model, Plan plan, Answer answer, boolean streaming)
      throws InterruptedException {
    ClientWatch client = exchange.watchClient();
    try (Choices choices = new Choices(plan)) {
      Outcome.Refused refused =
          choices.start(
              generation ->
                  service.start(
                      model,
                      generation,
                      exchange.caller(),
                      exchange.purpose(),
                      exchange.arrivedNanos(),
                      client::gone));
      if (refused != null) {
        exchange.fail(ApiError.of(refused.reason(), refused.message(), refused.retryAfter()));
      } else if (streaming) {
        stream(exchange, choices, plan.choices(), answer);
      } else {
        exchange.send(json.bytes(answer.whole(wholes(choices, plan.choices()))), Map.of());
      }
    }
  }

  private static List<Answer.Whole> wholes(Choices choices, int count) throws InterruptedException {
    List<List<GenerationEvent>> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(new ArrayList<>());
    }
    Answer.Whole[] wholes = new Answer.Whole[count];
    for (int open = count; open > 0; ) {
      Choices.Next next = choices.next();
      switch (next.event()) {
        case GenerationEvent.Failed(var error) -> throw error;
        case GenerationEvent.Ended end -> {
          wholes[next.choice()] = new Answer.Whole(events.get(next.choice()), end);
          open--;
        }
        case GenerationEvent.Text _,
            GenerationEvent.Reasoning _,
            GenerationEvent.ToolStart _,
            GenerationEvent.ToolArguments _,
            GenerationEvent.ToolEnd _,
            GenerationEvent.ToolBroken _ ->
            events.get(next.choice()).add(next.event());
      }
    }
    return List.of(wholes);
  }

  private static void stream(Exchange exchange, Choices choices, int count, Answer answer)
      throws InterruptedException {
    Choices.Next first = choices.next();
    if (first.event() instanceof GenerationEvent.Failed(var error)) {
      throw error;
    }
    ResponseStream out = exchange.stream(Sse.CONTENT_TYPE, STREAM_HEADERS);
    List<byte[]> batch = new ArrayList<>(answer.start(choices.leader().tier().orElse(null)));
    try {
      stream(choices, first, count, answer, batch, out);
    } catch (OutcropException e) {
      if (e.code() == ServingError.CLIENT_GONE) {
        throw e;
      }
      LOG.warn("request {} failed in its stream: {}", exchange.id(), e.code().name());
      out.write(failed(exchange, batch, answer, ApiError.of(e)));
    } catch (InterruptedException e) {
      // The thread stays as it is: Helidon writes the end of the answer when this has returned.
      LOG.warn("request {} was interrupted in its stream", exchange.id());
      OutcropException stopping =
          new OutcropException(ServingError.DRAINING, "The server is stopping.");
      out.write(failed(exchange, batch, answer, ApiError.of(stopping)));
    } catch (RuntimeException | Error e) {
      Faults.log(LOG, exchange.id(), e);
      out.write(failed(exchange, batch, answer, ApiError.internal()));
    }
    out.end();
  }

  /** What came before a failure and was not written yet, and the event of the failure. */
  private static byte[] failed(
      Exchange exchange, List<byte[]> batch, Answer answer, ApiError error) {
    exchange.broke(error);
    batch.addAll(answer.failed(OpenAiError.of(error)));
    return Sse.joined(batch);
  }

  /** Where it fails, what came before and was not written yet is left in the batch. */
  private static void stream(
      Choices choices,
      Choices.Next first,
      int count,
      Answer answer,
      List<byte[]> batch,
      ResponseStream out)
      throws InterruptedException {
    Choices.Next next = first;
    int open = count;
    while (true) {
      if (next.event() instanceof GenerationEvent.Failed(var error)) {
        throw error;
      }
      batch.addAll(answer.more(next.choice(), next.event()));
      if (next.event() instanceof GenerationEvent.Ended && --open == 0) {
        batch.addAll(answer.end());
        out.write(Sse.joined(batch));
        return;
      }
      if (batch.size() >= MOST_AT_ONCE || (!batch.isEmpty() && !choices.ready())) {
        byte[] events = Sse.joined(batch);
        batch.clear();
        out.write(events);
      }
      next = choices.next();
    }
  }
}
