package dev.outcrop.k8s.keda;

import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.keda.Externalscaler.IsActiveResponse;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * One client that is told whether a model is active, at once and on every change. A client that
 * does not read is not waited for: it is told the latest when it reads again, and what was between
 * is left out, so that a stream never holds more than one message. Safe on any thread.
 */
final class ActivityStream {
  private final String model;
  private final ServerCallStreamObserver<IsActiveResponse> client;
  private @Nullable Boolean wanted;
  private @Nullable Boolean told;
  private boolean ended;

  ActivityStream(String model, ServerCallStreamObserver<IsActiveResponse> client) {
    this.model = model;
    this.client = client;
  }

  /** What holds when the stream begins, unless something newer was heard already. */
  synchronized void begin(Scaling first) {
    if (wanted == null) {
      hear(first);
    }
  }

  /** Takes a new conclusion of any model. */
  synchronized void hear(Scaling scaling) {
    if (scaling.model().equals(model)) {
      wanted = scaling.active();
      tell();
    }
  }

  /** Tells the client what it does not know, if it reads. */
  synchronized void tell() {
    if (ended || wanted == null || wanted.equals(told) || !client.isReady()) {
      return;
    }
    client.onNext(IsActiveResponse.newBuilder().setResult(wanted).build());
    told = wanted;
  }

  /** Ends the stream well: KEDA asks again soon, without the pause that follows an error. */
  synchronized void end() {
    if (!ended) {
      ended = true;
      client.onCompleted();
    }
  }

  /** The client has gone. */
  synchronized void gone() {
    ended = true;
  }
}
