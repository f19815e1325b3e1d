package dev.outcrop.serving.cli;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.loading.ModelInfo;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Bytes that models take once they are loaded, whatever their files take: weights as they are held,
 * and KV.
 */
final class ModelMemory {
  private ModelMemory() {}

  /** Of a model that generates. */
  static double of(Path folder, Quantization quantization, ModelInfo info, KvGeometry kv) {
    return ModelWork.of(DecoderConfig.read(folder), quantization).weightBytes(bytes(info))
        + (double) kv.tokens() * kv.bytesPerToken();
  }

  /** Of an encoder, which keeps no KV between texts. */
  static double ofEncoder(Path folder, LoadOptions options) {
    boolean whole = options.quantization() == Quantization.NONE;
    ModelInfo info =
        LoadedEncoder.inspect(folder, whole ? options.dtype() : LoadOptions.Dtype.BFLOAT16);
    return EncoderConfig.isEncoder(folder)
        ? (double) info.parameters() * bytes(info)
        : ModelWork.of(DecoderConfig.read(folder), options.quantization()).weightBytes(bytes(info));
  }

  /** Of a number of the type that a model computes in. */
  private static int bytes(ModelInfo info) {
    return switch (ComputeType.valueOf(info.computeDtype().toUpperCase(Locale.ROOT))) {
      case FLOAT32 -> Float.BYTES;
      case BFLOAT16 -> Short.BYTES;
    };
  }
}
