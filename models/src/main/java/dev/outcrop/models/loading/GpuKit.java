package dev.outcrop.models.loading;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.torch.CudaKit;
import dev.outcrop.models.torch.TorchDevice;
import dev.outcrop.models.torch.TorchOptions;
import dev.outcrop.models.weights.Checkpoint;
import java.util.List;

/**
 * What an engine on a GPU would hand to libtorch, written down so that a PyTorch on another machine
 * can do the same. Needs no GPU. Used by the bench command on one thread.
 */
public final class GpuKit {
  private final CudaKit kit;

  private GpuKit(CudaKit kit) {
    this.kit = kit;
  }

  /**
   * A kit of a decoder.
   *
   * @param options how its engine would be set up; devices are not read
   * @param standIn whether for the processor, with the kernels of GPUs stood in for
   * @throws dev.outcrop.models.OutcropException which names all that GPUs have no kernel for
   */
  public static GpuKit of(DecoderConfig config, EngineOptions options, boolean standIn) {
    TorchDevice.Kind kind = standIn ? TorchDevice.Kind.CUDA_ON_CPU : TorchDevice.Kind.CUDA;
    TorchOptions torch = EngineLoader.torch(options).on(List.of(new TorchDevice(kind, 0)));
    return new GpuKit(new CudaKit(config, torch));
  }

  /**
   * A call of a method of the program.
   *
   * @param arguments strings, longs, {@code long[]} for a list of int, a list of these for a list
   *     of lists, {@code long[][]} for a tensor of int64
   */
  public record Call(String method, List<Object> arguments) {
    /** Copies the list. */
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /** The device, as PyTorch spells it. */
  public String device() {
    return kit.device();
  }

  /** The program: a TorchScript archive without weights. */
  public byte[] archive() {
    return kit.archive();
  }

  /** The calls that give it random weights and room for KV. */
  public List<Call> drawn() {
    return kit.drawn().stream().map(GpuKit::call).toList();
  }

  /** The calls that give it a checkpoint's weights and room for KV. */
  public List<Call> loaded(Checkpoint checkpoint) {
    return kit.loaded(checkpoint).stream().map(GpuKit::call).toList();
  }

  /** The call that runs a plan of rows that take their most likely token. */
  public Call step(StepPlan plan) {
    return call(kit.step(plan));
  }

  /** The call that says the logits after every token of a plan, float32, in the plan's order. */
  public Call logits(StepPlan plan) {
    return call(kit.logits(plan));
  }

  private static Call call(CudaKit.Call call) {
    return new Call(call.method(), call.arguments());
  }
}
