package dev.outcrop.models.loading;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A Hugging Face folder, for the processor and for GPUs. */
record CheckpointSource(
    Path folder, DecoderConfig config, Checkpoint checkpoint, LoadOptions options)
    implements ModelSource {
  static CheckpointSource of(Path folder, LoadOptions options) {
    DecoderConfig config = DecoderConfig.read(folder).withMaxPosition(options.maxContext());
    return new CheckpointSource(folder, config, Checkpoint.open(folder), options);
  }

  @Override
  public Engine open(Runnable heed) {
    ModelInfo info = info();
    if (options.kvBytes() < info.kvBytesPerToken()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID,
          "a KV cache of %d bytes holds no token; this model needs %d bytes per token"
              .formatted(options.kvBytes(), info.kvBytesPerToken()));
    }
    ComputeType type = compute(checkpoint, options.computed());
    return EngineLoader.open(
        config,
        checkpoint,
        new EngineOptions(
            type,
            EngineLoader.kvTokens(config, type, options.kvBytes()),
            options.threads(),
            options.quantization(),
            options.tuning(),
            options.devices()),
        heed);
  }

  static ComputeType compute(Checkpoint checkpoint, LoadOptions.Dtype wanted) {
    return switch (wanted) {
      case FLOAT32 -> ComputeType.FLOAT32;
      case BFLOAT16 -> ComputeType.BFLOAT16;
      case AUTO -> stored(checkpoint) == DType.F32 ? ComputeType.FLOAT32 : ComputeType.BFLOAT16;
    };
  }

  /** Bytes and int32 are weights of four bits and what scales them. */
  static long parameters(StoredTensor tensor) {
    return switch (tensor.dtype()) {
      case U8 -> tensor.name().endsWith("_blocks") ? 2 * tensor.elements() : 0;
      case I32 -> tensor.name().endsWith(".qweight") ? 8 * tensor.elements() : 0;
      default -> tensor.name().endsWith(".scales") ? 0 : tensor.elements();
    };
  }

  /** The type that most bytes of the checkpoint are in. */
  static DType stored(Checkpoint checkpoint) {
    return checkpoint.tensors().stream()
        .collect(
            Collectors.groupingBy(StoredTensor::dtype, Collectors.summingLong(StoredTensor::bytes)))
        .entrySet()
        .stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(DType.F32);
  }

  @Override
  public ModelInfo info() {
    ComputeType compute = compute(checkpoint, options.computed());
    return ModelInfo.of(
        config,
        folder,
        checkpoint.tensors().stream().mapToLong(CheckpointSource::parameters).sum(),
        checkpoint.bytes(),
        name(stored(checkpoint)),
        compute.name().toLowerCase(Locale.ROOT),
        compute == ComputeType.FLOAT32 ? Float.BYTES : Short.BYTES);
  }

  static String name(DType stored) {
    return switch (stored) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "bfloat16";
      case U8 -> "mxfp4";
      case I32 -> "int4";
      default -> stored.name();
    };
  }
}
