package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiError;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.transport.ClientWatch;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.function.UnaryOperator;

/**
 * Operations that answer every body with itself, when the test lets them. A body that holds a
 * number is known by it.
 */
final class FakeInference implements Api {
  /** Bodies that came in. */
  final List<String> begun = new CopyOnWriteArrayList<>();

  final List<String> paths = new CopyOnWriteArrayList<>();
  final List<Caller> callers = new CopyOnWriteArrayList<>();

  /** How many may end. */
  final Semaphore open = new Semaphore(0);

  /** What comes first in place of an answer, or null. */
  volatile UnaryOperator<ApiError> errors = error -> null;

  /** Lets everything end. */
  FakeInference free() {
    open.release(1_000_000);
    return this;
  }

  @Override
  public Call route(String method, String rawPath) {
    return new Call() {
      @Override
      public String operation() {
        return "Fake";
      }

      @Override
      public void run(Exchange exchange) throws InterruptedException {
        answer(exchange, rawPath);
      }
    };
  }

  private void answer(Exchange exchange, String path) throws InterruptedException {
    begun.add(new String(exchange.body(), StandardCharsets.UTF_8));
    paths.add(path);
    callers.add(exchange.caller());
    ClientWatch watch = exchange.watchClient();
    while (!open.tryAcquire(10, java.util.concurrent.TimeUnit.MILLISECONDS)) {
      if (watch.gone()) {
        throw new dev.outcrop.models.OutcropException(
            dev.outcrop.serving.error.ServingError.CLIENT_GONE, "gone");
      }
    }
    ApiError error = errors.apply(ApiError.internal());
    if (error != null) {
      exchange.fail(error);
    } else {
      exchange.send(
          exchange.body(),
          Map.of(
              "X-Amzn-Bedrock-Input-Token-Count", "5", "X-Amzn-Bedrock-Output-Token-Count", "2"));
    }
  }
}
