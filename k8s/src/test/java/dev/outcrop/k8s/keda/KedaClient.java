package dev.outcrop.k8s.keda;

import dev.outcrop.k8s.keda.Externalscaler.GetMetricSpecResponse;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricsRequest;
import dev.outcrop.k8s.keda.Externalscaler.IsActiveResponse;
import dev.outcrop.k8s.keda.Externalscaler.MetricSpec;
import dev.outcrop.k8s.keda.Externalscaler.MetricValue;
import dev.outcrop.k8s.keda.Externalscaler.ScaledObjectRef;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.Map;

/**
 * Calls in KEDA's order and concludes as KEDA does (2.18 and the contract of 2.20): the target from
 * GetMetricSpec, then for each poll GetMetrics and IsActive.
 */
final class KedaClient implements AutoCloseable {
  private final ManagedChannel channel;
  private final ScaledObjectRef object;

  KedaClient(ManagedChannel channel, Map<String, String> metadata) {
    this.channel = channel;
    this.object =
        ScaledObjectRef.newBuilder()
            .setName("demo")
            .setNamespace("models")
            .putAllScalerMetadata(metadata)
            .build();
  }

  /**
   * What KEDA concludes of a poll.
   *
   * @param replicas what an autoscaler with the type AverageValue arrives at
   */
  record Poll(int replicas, boolean active) {}

  ManagedChannel channel() {
    return channel;
  }

  GetMetricSpecResponse metricSpec() {
    return unary(Contract.GET_METRIC_SPEC, object);
  }

  /** One round of KEDA's polling of trigger number 0. */
  Poll poll() {
    MetricSpec spec = metricSpec().getMetricSpecs(0);
    double target =
        spec.getTargetSizeFloat() > 0 ? spec.getTargetSizeFloat() : spec.getTargetSize();
    String inAutoscaler = "s0-" + spec.getMetricName();

    double sum = 0;
    for (MetricValue value : metrics(inAutoscaler.substring("s0-".length()))) {
      sum += value.getMetricValueFloat() > 0 ? value.getMetricValueFloat() : value.getMetricValue();
    }
    return new Poll((int) Math.ceil(sum / target), isActive());
  }

  Iterable<MetricValue> metrics(String name) {
    return unary(
            Contract.GET_METRICS,
            GetMetricsRequest.newBuilder().setScaledObjectRef(object).setMetricName(name).build())
        .getMetricValuesList();
  }

  boolean isActive() {
    return unary(Contract.IS_ACTIVE, object).getResult();
  }

  /** The push stream; next() waits. */
  Iterator<IsActiveResponse> stream() {
    return ClientCalls.blockingServerStreamingCall(
        channel, Contract.STREAM_IS_ACTIVE, CallOptions.DEFAULT, object);
  }

  ScaledObjectRef object() {
    return object;
  }

  <I, O> O unary(MethodDescriptor<I, O> method, I request) {
    return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
