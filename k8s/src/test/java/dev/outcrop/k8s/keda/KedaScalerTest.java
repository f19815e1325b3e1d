package dev.outcrop.k8s.keda;

import static dev.outcrop.k8s.keda.RunningScaler.MODEL;
import static dev.outcrop.k8s.keda.RunningScaler.OTHER;
import static dev.outcrop.k8s.keda.RunningScaler.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.keda.Externalscaler.GetMetricSpecResponse;
import dev.outcrop.k8s.keda.Externalscaler.MetricValue;
import dev.outcrop.k8s.keda.Externalscaler.ScaledObjectRef;
import dev.outcrop.k8s.testing.FakeSource;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract with KEDA, kept by a client that calls as KEDA does. */
final class KedaScalerTest {
  private final RunningScaler running = new RunningScaler();
  private final FakeSource source = running.source;
  private final KedaScaler scaler = running.scaler;
  private final KedaClient keda = running.keda;

  @AfterEach
  void stop() {
    running.close();
  }

  @ParameterizedTest
  @CsvSource({"0,false", "0,true", "1,true", "7,true", "3,false"})
  void arrivesAtTheReplicasThatAreDesired(int replicas, boolean active) {
    source.conclude(MODEL, replicas, active);

    assertThat(keda.poll()).isEqualTo(new KedaClient.Poll(replicas, active));
  }

  @Test
  void namesItsMetricWithTheTargetOne() {
    GetMetricSpecResponse spec = keda.metricSpec();

    assertThat(spec.getMetricSpecsList())
        .containsExactly(
            Externalscaler.MetricSpec.newBuilder()
                .setMetricName("outcrop-desired-replicas")
                .setTargetSize(1)
                .setTargetSizeFloat(1)
                .build());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "outcrop-desired-replicas",
        "s0-outcrop-desired-replicas",
        "s12-outcrop-desired-replicas"
      })
  void answersWithAndWithoutTheTriggersNumber(String name) {
    source.conclude(MODEL, 4, true);

    assertThat(keda.metrics(name))
        .containsExactly(
            MetricValue.newBuilder()
                .setMetricName(name)
                .setMetricValue(4)
                .setMetricValueFloat(4)
                .build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "queue", "s0-", "s-outcrop-desired-replicas", "sX-outcrop"})
  void refusesMetricThatItDoesNotHave(String name) {
    source.conclude(MODEL, 4, true);

    assertThat(refusal(() -> keda.metrics(name)))
        .hasToString(
            "INVALID_ARGUMENT: there is no metric " + name + ", only outcrop-desired-replicas");
  }

  @Test
  void refusesModelThatIsNotWatched() {
    try (KedaClient stranger = running.client(Map.of("model", "gpt"))) {
      String message =
          "NOT_FOUND: the model gpt of ScaledObject models/demo is not watched; these are: ["
              + OTHER
              + ", "
              + MODEL
              + "]";
      assertThat(refusal(stranger::metricSpec)).hasToString(message);
      assertThat(refusal(() -> stranger.metrics("outcrop-desired-replicas"))).hasToString(message);
      assertThat(refusal(stranger::isActive)).hasToString(message);
      assertThat(refusal(() -> stranger.stream().next())).hasToString(message);
    }
  }

  @Test
  void refusesTriggerWithoutModel() {
    try (KedaClient stranger = running.client(Map.of())) {
      assertThat(refusal(stranger::isActive))
          .hasToString(
              "INVALID_ARGUMENT: the trigger of ScaledObject models/demo names no model in its"
                  + " metadata");
    }
  }

  /** An answer of 0 would take the replicas away; an error leaves it to KEDA's fallback. */
  @Test
  void isUnavailableWithoutAReading() {
    assertThat(refusal(() -> keda.metrics("outcrop-desired-replicas")).code())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(refusal(keda::isActive).code()).isEqualTo(Status.Code.UNAVAILABLE);

    source.conclude(MODEL, 2, true);
    assertThat(keda.isActive()).isTrue();

    source.forget(MODEL);
    assertThat(refusal(keda::isActive).message()).contains(MODEL);
  }

  @Test
  void doesWithoutPushedTargets() {
    var method =
        Contract.method(
            MethodType.SERVER_STREAMING,
            "StreamMetricSpec",
            ScaledObjectRef.getDefaultInstance(),
            GetMetricSpecResponse.getDefaultInstance());

    assertThat(
            refusal(
                    () ->
                        ClientCalls.blockingServerStreamingCall(
                                keda.channel(), method, CallOptions.DEFAULT, keda.object())
                            .next())
                .code())
        .isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  @Test
  void tellsItsHealth() {
    for (String service : List.of("", "externalscaler.ExternalScaler")) {
      assertThat(
              HealthGrpc.newBlockingStub(keda.channel())
                  .check(HealthCheckRequest.newBuilder().setService(service).build())
                  .getStatus())
          .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
    }
  }

  @Test
  void namesThePortThatIsTaken() {
    KedaConfig taken = KedaConfig.DEFAULT.withAddress("127.0.0.1", scaler.port());

    assertThatThrownBy(() -> KedaScaler.start(taken, source))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("cannot listen on 127.0.0.1 port %d for KEDA".formatted(scaler.port()));
    assertThat(source.listeners()).isEqualTo(1);
  }

  /** Guards the hand-written list of methods against the contract. */
  @Test
  void servesTheContractsMethods() {
    var service = Externalscaler.getDescriptor().findServiceByName("ExternalScaler");
    for (var method :
        List.of(
            Contract.IS_ACTIVE,
            Contract.STREAM_IS_ACTIVE,
            Contract.GET_METRIC_SPEC,
            Contract.GET_METRICS)) {
      var published = service.findMethodByName(method.getBareMethodName());
      assertThat(published).as(method.getFullMethodName()).isNotNull();
      assertThat(service.getFullName()).isEqualTo(method.getServiceName());
      assertThat(published.isServerStreaming())
          .isEqualTo(method.getType() == MethodType.SERVER_STREAMING);
    }
  }
}
