package dev.outcrop.k8s.keda;

import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricSpecResponse;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricsRequest;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricsResponse;
import dev.outcrop.k8s.keda.Externalscaler.IsActiveResponse;
import dev.outcrop.k8s.keda.Externalscaler.MetricSpec;
import dev.outcrop.k8s.keda.Externalscaler.MetricValue;
import dev.outcrop.k8s.keda.Externalscaler.ScaledObjectRef;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Answers KEDA. The one metric is how many replicas a model needs, with the target 1, so that the
 * autoscaler that KEDA makes arrives at that number. Where it is not known, the answer is an error
 * and never a number: KEDA then does as the ScaledObject's {@code fallback} says. Safe on any
 * thread.
 */
final class Scaler implements AutoCloseable {
  static final String METRIC = "outcrop-desired-replicas";

  /** The key of a trigger's metadata that names the model. */
  static final String MODEL = "model";

  /** KEDA takes its number of the trigger away before it asks; other callers may not. */
  private static final Pattern TRIGGER = Pattern.compile("^s\\d+-");

  private final ScalingSource source;
  private final Semaphore places;
  private final Set<ActivityStream> streams = ConcurrentHashMap.newKeySet();
  private final AutoCloseable listening;
  private volatile boolean closed;

  Scaler(ScalingSource source, int maxStreams) {
    this.source = source;
    this.places = new Semaphore(maxStreams);
    this.listening = source.listen(scaling -> streams.forEach(stream -> stream.hear(scaling)));
  }

  ServerServiceDefinition service() {
    return ServerServiceDefinition.builder(Contract.SERVICE)
        .addMethod(Contract.IS_ACTIVE, ServerCalls.asyncUnaryCall(answering(this::isActive)))
        .addMethod(
            Contract.STREAM_IS_ACTIVE, ServerCalls.asyncServerStreamingCall(this::streamIsActive))
        .addMethod(
            Contract.GET_METRIC_SPEC, ServerCalls.asyncUnaryCall(answering(this::metricSpec)))
        .addMethod(Contract.GET_METRICS, ServerCalls.asyncUnaryCall(answering(this::metrics)))
        .build();
  }

  /** How many streams are open; for tests. */
  int open() {
    return streams.size();
  }

  /** Ends all streams. */
  @Override
  public void close() {
    closed = true;
    try {
      listening.close();
    } catch (Exception e) {
      throw new IllegalStateException("a listener cannot be taken away", e);
    }
    streams.forEach(ActivityStream::end);
  }

  private static <I, O> ServerCalls.UnaryMethod<I, O> answering(Function<I, O> method) {
    return (request, client) -> {
      O answer;
      try {
        answer = method.apply(request);
      } catch (StatusRuntimeException e) {
        client.onError(e);
        return;
      }
      client.onNext(answer);
      client.onCompleted();
    };
  }

  private IsActiveResponse isActive(ScaledObjectRef object) {
    return IsActiveResponse.newBuilder().setResult(latest(model(object)).active()).build();
  }

  private void streamIsActive(ScaledObjectRef object, StreamObserver<IsActiveResponse> observer) {
    String model;
    try {
      model = model(object);
    } catch (StatusRuntimeException e) {
      observer.onError(e);
      return;
    }
    if (!places.tryAcquire()) {
      observer.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("as many streams are open as may be")
              .asRuntimeException());
      return;
    }
    var client = (ServerCallStreamObserver<IsActiveResponse>) observer;
    ActivityStream stream = new ActivityStream(model, client);
    client.setOnReadyHandler(stream::tell);
    client.setOnCancelHandler(() -> gone(stream));
    client.setOnCloseHandler(() -> gone(stream));
    streams.add(stream);
    if (closed) {
      stream.end();
    }
    // Before the first reading there is nothing true to say: the stream waits for it.
    source.latest(model).ifPresent(stream::begin);
  }

  private void gone(ActivityStream stream) {
    stream.gone();
    if (streams.remove(stream)) {
      places.release();
    }
  }

  private GetMetricSpecResponse metricSpec(ScaledObjectRef object) {
    model(object);
    return GetMetricSpecResponse.newBuilder()
        .addMetricSpecs(
            MetricSpec.newBuilder().setMetricName(METRIC).setTargetSize(1).setTargetSizeFloat(1))
        .build();
  }

  private GetMetricsResponse metrics(GetMetricsRequest request) {
    String name = request.getMetricName();
    if (!TRIGGER.matcher(name).replaceFirst("").equals(METRIC)) {
      throw Status.INVALID_ARGUMENT
          .withDescription("there is no metric %s, only %s".formatted(name, METRIC))
          .asRuntimeException();
    }
    int replicas = latest(model(request.getScaledObjectRef())).desiredReplicas();
    // KEDA takes the fraction where it is above zero, the whole number otherwise.
    return GetMetricsResponse.newBuilder()
        .addMetricValues(
            MetricValue.newBuilder()
                .setMetricName(name)
                .setMetricValue(replicas)
                .setMetricValueFloat(replicas))
        .build();
  }

  private String model(ScaledObjectRef object) {
    String model = object.getScalerMetadataOrDefault(MODEL, "");
    if (model.isEmpty()) {
      throw Status.INVALID_ARGUMENT
          .withDescription(
              "the trigger of ScaledObject %s/%s names no model in its metadata"
                  .formatted(object.getNamespace(), object.getName()))
          .asRuntimeException();
    }
    if (!source.models().contains(model)) {
      throw Status.NOT_FOUND
          .withDescription(
              "the model %s of ScaledObject %s/%s is not watched; these are: %s"
                  .formatted(
                      model,
                      object.getNamespace(),
                      object.getName(),
                      new TreeSet<>(source.models())))
          .asRuntimeException();
    }
    return model;
  }

  private Scaling latest(String model) {
    return source
        .latest(model)
        .orElseThrow(
            () ->
                Status.UNAVAILABLE
                    .withDescription(
                        "the pods of the model %s were not read lately".formatted(model))
                    .asRuntimeException());
  }
}
