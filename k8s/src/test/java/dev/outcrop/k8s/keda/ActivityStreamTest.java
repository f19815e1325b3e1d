package dev.outcrop.k8s.keda;

import static dev.outcrop.k8s.keda.RunningScaler.MODEL;
import static dev.outcrop.k8s.keda.RunningScaler.OTHER;
import static dev.outcrop.k8s.keda.RunningScaler.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.keda.Externalscaler.IsActiveResponse;
import dev.outcrop.k8s.keda.Externalscaler.ScaledObjectRef;
import dev.outcrop.k8s.testing.Await;
import dev.outcrop.k8s.testing.FakeSource;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What KEDA is told without asking again. */
final class ActivityStreamTest {
  private final RunningScaler running = new RunningScaler();
  private final FakeSource source = running.source;
  private final KedaScaler scaler = running.scaler;
  private final KedaClient keda = running.keda;

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void streamSaysWhatHoldsAndEveryChange() throws InterruptedException {
    source.conclude(MODEL, 0, false);
    Iterator<IsActiveResponse> stream = keda.stream();
    assertThat(stream.next().getResult()).isFalse();

    source.conclude(OTHER, 1, true);
    source.conclude(MODEL, 0, false);
    source.conclude(MODEL, 1, true);
    assertThat(stream.next().getResult()).isTrue();

    source.conclude(MODEL, 5, true);
    source.conclude(MODEL, 0, false);
    assertThat(stream.next().getResult()).isFalse();
    assertThat(scaler.openStreams()).isEqualTo(1);
  }

  @Test
  void streamWaitsForTheFirstReading() throws Exception {
    BlockingQueue<Boolean> heard = new LinkedBlockingQueue<>();
    Thread reader = Thread.ofVirtual().start(() -> heard.add(keda.stream().next().getResult()));
    Await.until(() -> scaler.openStreams() == 1);
    assertThat(heard).isEmpty();

    source.conclude(MODEL, 1, true);

    reader.join();
    assertThat(heard).containsExactly(true);
  }

  /**
   * Each change is seven bytes: the window of the client that does not read is full long before.
   */
  @Test
  void slowClientHoldsUpNobodyAndHearsTheLatest() throws Exception {
    int changes = 10_001;
    source.conclude(MODEL, 0, false);
    Heard heard = new Heard();
    KedaClient slow =
        new KedaClient(
            NettyChannelBuilder.forAddress("127.0.0.1", scaler.port())
                .flowControlWindow(2_000)
                .usePlaintext()
                .build(),
            Map.of("model", MODEL));
    ClientCall<ScaledObjectRef, IsActiveResponse> call = slowStream(slow, heard);
    Await.until(() -> scaler.openStreams() == 1);
    Iterator<IsActiveResponse> quick = keda.stream();
    assertThat(quick.next().getResult()).isFalse();

    for (int i = 0; i < changes; i++) {
      source.conclude(MODEL, 1, i % 2 == 0);
    }
    assertThat(keda.isActive()).isTrue();
    assertThat(quick.next().getResult()).isTrue();

    call.request(changes);
    source.conclude(MODEL, 0, false);
    Await.until(() -> Boolean.FALSE.equals(heard.last));
    scaler.close();
    assertThat(heard.end.join()).isEqualTo(Status.Code.OK);
    assertThat(heard.last).isFalse();
    assertThat(heard.count.get()).isLessThan(changes);
    slow.close();
  }

  /** What a stream's client was told. */
  private static final class Heard extends ClientCall.Listener<IsActiveResponse> {
    private final CompletableFuture<Status.Code> end = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();
    private volatile Boolean last;

    @Override
    public void onMessage(IsActiveResponse message) {
      count.incrementAndGet();
      last = message.getResult();
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end.complete(status.getCode());
    }
  }

  /** A stream whose client reads nothing until it is told to. */
  private static ClientCall<ScaledObjectRef, IsActiveResponse> slowStream(
      KedaClient client, Heard heard) {
    ClientCall<ScaledObjectRef, IsActiveResponse> call =
        client.channel().newCall(Contract.STREAM_IS_ACTIVE, CallOptions.DEFAULT);
    call.start(heard, new Metadata());
    call.sendMessage(client.object());
    call.halfClose();
    return call;
  }

  @Test
  void forgetsClientsThatHaveGone() throws InterruptedException {
    source.conclude(MODEL, 1, true);
    KedaClient other = running.client(Map.of("model", MODEL));
    other.stream().next();
    assertThat(scaler.openStreams()).isEqualTo(1);

    other.close();

    Await.until(() -> scaler.openStreams() == 0);
  }

  @Test
  void refusesMoreStreamsThanItMayHave() {
    KedaConfig one =
        new KedaConfig("127.0.0.1", 0, null, null, null, KedaConfig.DEFAULT.reload(), 1);
    source.conclude(MODEL, 1, true);
    try (KedaScaler small = KedaScaler.start(one, source);
        KedaClient client =
            new KedaClient(
                NettyChannelBuilder.forAddress("127.0.0.1", small.port()).usePlaintext().build(),
                Map.of("model", MODEL))) {
      client.stream().next();

      assertThat(refusal(() -> client.stream().next()).code())
          .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }
  }

  /** KEDA comes back at once after a stream that ended well, and ever later after an error. */
  @Test
  void endsStreamsWellWhenItGoes() {
    source.conclude(MODEL, 1, true);
    Iterator<IsActiveResponse> stream = keda.stream();
    assertThat(stream.next().getResult()).isTrue();

    scaler.close();

    assertThat(stream.hasNext()).isFalse();
    assertThat(source.listeners()).isZero();
  }
}
