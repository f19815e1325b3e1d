package dev.outcrop.k8s.keda;

import com.google.protobuf.Message;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricSpecResponse;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricsRequest;
import dev.outcrop.k8s.keda.Externalscaler.GetMetricsResponse;
import dev.outcrop.k8s.keda.Externalscaler.IsActiveResponse;
import dev.outcrop.k8s.keda.Externalscaler.ScaledObjectRef;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;

/**
 * The methods of KEDA's {@code externalscaler.ExternalScaler} that are served. {@code
 * StreamMetricSpec} is not among them: the target never changes, and KEDA does without.
 */
final class Contract {
  static final String SERVICE = "externalscaler.ExternalScaler";

  static final MethodDescriptor<ScaledObjectRef, IsActiveResponse> IS_ACTIVE =
      method(
          MethodType.UNARY,
          "IsActive",
          ScaledObjectRef.getDefaultInstance(),
          IsActiveResponse.getDefaultInstance());

  static final MethodDescriptor<ScaledObjectRef, IsActiveResponse> STREAM_IS_ACTIVE =
      method(
          MethodType.SERVER_STREAMING,
          "StreamIsActive",
          ScaledObjectRef.getDefaultInstance(),
          IsActiveResponse.getDefaultInstance());

  static final MethodDescriptor<ScaledObjectRef, GetMetricSpecResponse> GET_METRIC_SPEC =
      method(
          MethodType.UNARY,
          "GetMetricSpec",
          ScaledObjectRef.getDefaultInstance(),
          GetMetricSpecResponse.getDefaultInstance());

  static final MethodDescriptor<GetMetricsRequest, GetMetricsResponse> GET_METRICS =
      method(
          MethodType.UNARY,
          "GetMetrics",
          GetMetricsRequest.getDefaultInstance(),
          GetMetricsResponse.getDefaultInstance());

  private Contract() {}

  static <I extends Message, O extends Message> MethodDescriptor<I, O> method(
      MethodType type, String name, I request, O response) {
    return MethodDescriptor.<I, O>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }
}
