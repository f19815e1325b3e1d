package dev.outcrop.serving.cost;

import dev.outcrop.batching.RowWork;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.prices.Device;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How the time of a model's steps is split over requests: by the roofline of its configuration, on
 * the device of the node's type where that is known, else on a usual one of its kind.
 */
public final class StepSplit {
  /** Operations in the time of a byte: of server processors with units for matrices, roughly. */
  private static final double OF_PROCESSORS = 60;

  /** The same of an H100: 989 TFLOPS, 3.35 TB/s. */
  private static final double OF_GPUS = 295;

  /** Tokens of the step whose weights are shared; only experts make a difference. */
  private static final int STEP_TOKENS = 16;

  private StepSplit() {}

  /**
   * What the rows of a model's steps take. The type of the node is what the configuration or the
   * environment says; labels of a Node come too late for it.
   *
   * @param prices the server's table, read only where a type is known
   */
  public static RowWork of(
      ModelConfig model,
      CostConfig cost,
      Supplier<Prices> prices,
      Map<String, String> environment) {
    ModelWork work = ModelWork.of(DecoderConfig.read(model.path()), model.quantization());
    String type =
        cost.instanceType().isEmpty()
            ? environment.getOrDefault(NodeFacts.INSTANCE, "")
            : cost.instanceType();
    boolean gpu = !LoadOptions.gpus(model.devices()).isEmpty();
    double usual = gpu ? OF_GPUS : OF_PROCESSORS;
    Device.Kind kind = gpu ? Device.Kind.GPU : Device.Kind.CPU;
    if (type.isEmpty()) {
      return of(work, usual);
    }
    double flopsPerByte =
        prices
            .get()
            .instance(type)
            .map(Instance::device)
            .filter(device -> device.kind() == kind)
            .map(device -> device.flopsPerSecond() / device.bytesPerSecond())
            .orElse(usual);
    return of(work, flopsPerByte);
  }

  /** The same for a device. What a layer takes is told by a token that sees itself alone. */
  static RowWork of(ModelWork work, double flopsPerByte) {
    Map<Integer, Integer> layers = work.size().attention().windows();
    int all = layers.values().stream().mapToInt(Integer::intValue).sum();
    double kvBytes = work.kvBytesRead(1) / all;
    double flops = (work.decodeFlops(1) - work.decodeFlops(0)) / all;
    int whole = layers.getOrDefault(Integer.MAX_VALUE, 0);
    List<RowWork.Window> windows =
        layers.entrySet().stream()
            .filter(each -> each.getKey() < Integer.MAX_VALUE)
            .sorted(Map.Entry.comparingByKey())
            .map(
                each ->
                    new RowWork.Window(
                        each.getKey(), each.getValue() * kvBytes, each.getValue() * flops))
            .toList();
    return new RowWork(
        work.bytesRead(STEP_TOKENS),
        whole * kvBytes,
        work.decodeFlops(0),
        whole * flops,
        flopsPerByte,
        windows);
  }
}
