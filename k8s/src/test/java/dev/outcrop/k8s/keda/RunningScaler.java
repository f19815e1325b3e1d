package dev.outcrop.k8s.keda;

import dev.outcrop.k8s.testing.FakeSource;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.Map;

/** A scaler for two models, and KEDA with a ScaledObject of one of them. */
final class RunningScaler implements AutoCloseable {
  static final String MODEL = "meta.llama3-1-8b-instruct-v1:0";
  static final String OTHER = "amazon.titan-embed-text-v2:0";

  final FakeSource source = new FakeSource(MODEL, OTHER);
  final KedaScaler scaler =
      KedaScaler.start(KedaConfig.DEFAULT.withAddress("127.0.0.1", 0), source);
  final KedaClient keda = client(Map.of("scalerAddress", "x:1", "model", MODEL));

  /** A client with the metadata of its trigger. */
  KedaClient client(Map<String, String> metadata) {
    return new KedaClient(
        NettyChannelBuilder.forAddress("127.0.0.1", scaler.port()).usePlaintext().build(),
        metadata);
  }

  /** What a call was refused with. */
  record Refusal(Status.Code code, String message) {
    @Override
    public String toString() {
      return code + ": " + message;
    }
  }

  static Refusal refusal(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return new Refusal(e.getStatus().getCode(), String.valueOf(e.getStatus().getDescription()));
    }
    throw new AssertionError("it was answered");
  }

  @Override
  public void close() {
    keda.close();
    scaler.close();
  }
}
