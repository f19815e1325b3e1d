package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.GpuSupport;
import java.util.ArrayList;
import java.util.List;

/** What engines on GPUs can do, and what is said where they cannot. */
final class CudaEngines {
  private CudaEngines() {}

  /** Whether an engine with these options runs the program for GPUs. */
  static boolean chosen(TorchOptions options) {
    return options.devices().getFirst().cuda();
  }

  /**
   * Checks what the kernels of libtorch 2.7.1 take, before anything is read.
   *
   * @throws OutcropException which names all that stands against it
   */
  static void check(DecoderConfig config, TorchOptions options) {
    if (options.devices().stream().map(TorchDevice::kind).distinct().count() > 1) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "the devices of a model have to be of one kind, were "
              + options.devices().stream().map(TorchDevice::text).toList());
    }
    if (!chosen(options)) {
      return;
    }
    List<String> missing = new ArrayList<>(GpuSupport.missing(config));
    if (options.weights().bits() == 8) {
      // libtorch's kernels for them are for some GPUs only, or want rounded rows: see README.md.
      missing.add("weights of eight bits (four are)");
    }
    if (options.type() == ElementType.FLOAT32 && !options.devices().getFirst().standIn()) {
      missing.add("dtype float32 (bfloat16 is)");
    }
    if (!missing.isEmpty()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: not supported on a GPU: %s"
              .formatted(options.devices().getFirst().text(), String.join(", ", missing)));
    }
  }

  /** Compiles the program of a stage and tries its device. */
  static TorchProgram program(String text, TorchDevice device) {
    TorchProgram program = TorchProgram.load(text);
    try {
      if (device.kind() == TorchDevice.Kind.CUDA) {
        program.run("probe_device");
      }
      return program;
    } catch (EngineException e) {
      program.close();
      throw new OutcropException(
          ModelError.DEVICE_MISSING,
          ("%s cannot be used: this needs libtorch %s built for CUDA (in the folder that"
                  + " PYTORCH_LIBRARY_PATH names), NVIDIA's driver, and a GPU of that number")
              .formatted(device.text(), TorchProgram.version()),
          e);
    }
  }
}
