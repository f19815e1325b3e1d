package dev.outcrop.models.loading;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.files.CheckpointFile;
import dev.outcrop.models.torch.TorchEncoder;
import dev.outcrop.models.torch.TorchEngine;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import dev.outcrop.models.weights.StoredTensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Looks at the weights of a folder: their headers, and whether they are what config.json says. */
final class WeightsInspector {
  static final String QUANTISATION = "quantization_config";
  private static final String WEIGHTS = "weights";

  private final Path folder;
  private final LoadOptions.Dtype dtype;
  private final Findings findings;
  private boolean readable = true;
  private long unused;

  WeightsInspector(Path folder, LoadOptions.Dtype dtype, Findings findings) {
    this.folder = folder;
    this.dtype = dtype;
    this.findings = findings;
  }

  /** Reads the headers, and tells of types that cannot be read. */
  @Nullable Checkpoint open(JsonNode raw) {
    String method = raw.path(QUANTISATION).path("quant_method").asText();
    boolean mxfp4 = method.equals("mxfp4");
    boolean packed = method.equals("gptq") || method.equals("awq");
    Checkpoint checkpoint = findings.tried(WEIGHTS, () -> Checkpoint.open(folder));
    if (checkpoint != null) {
      Map<DType, List<StoredTensor>> others =
          checkpoint.tensors().stream()
              .filter(tensor -> !tensor.dtype().supported())
              .filter(tensor -> !(mxfp4 && tensor.dtype() == DType.U8))
              .filter(tensor -> !(packed && tensor.dtype() == DType.I32))
              .collect(
                  Collectors.groupingBy(StoredTensor::dtype, TreeMap::new, Collectors.toList()));
      readable = others.isEmpty();
      others.forEach(
          (type, tensors) ->
              findings.refuse(
                  "dtype " + type,
                  "%s: %d tensors have it, the first is '%s'; supported: F32, F16, BF16"
                      .formatted(
                          tensors.getFirst().file(),
                          tensors.size(),
                          CheckpointFile.show(tensors.getFirst().name()))));
    }
    return checkpoint;
  }

  /** The number of layers, then every tensor that loading asks for. */
  void compare(DecoderConfig config, Checkpoint checkpoint, JsonNode raw) {
    // Models that only embed are saved without the name of the part.
    String part = checkpoint.find("embed_tokens.weight") == null ? "model.layers." : "layers.";
    int layers = config.layers().size();
    // DeepSeek's last layers only guess at tokens further ahead, and are not used.
    long guessing = Math.max(0, raw.path("num_nextn_predict_layers").asLong());
    String last = part + (layers - 1) + ".";
    String more = part + (layers + guessing) + ".";
    boolean hasLast = has(checkpoint, last);
    boolean hasMore = has(checkpoint, more);
    String problem = "%s: holds %s tensors '%s*', config.json says num_hidden_layers %d";
    if (!hasLast) {
      findings.refuse(WEIGHTS, problem.formatted(checkpoint.source(), "no", last, layers));
    }
    if (hasMore) {
      findings.refuse(WEIGHTS, problem.formatted(checkpoint.source(), "more,", more, layers));
    }
    if (hasLast && !hasMore && readable) {
      tensors(config, checkpoint);
    }
  }

  private static boolean has(Checkpoint checkpoint, String prefix) {
    return checkpoint.tensors().stream().anyMatch(tensor -> tensor.name().startsWith(prefix));
  }

  private void tensors(DecoderConfig config, Checkpoint checkpoint) {
    List<String> names = findings.tried(WEIGHTS, () -> TorchEngine.check(config, checkpoint));
    if (names != null && !names.isEmpty()) {
      findings.limit(
          WEIGHTS,
          "%s: %d tensors are not used, the first is '%s'"
              .formatted(checkpoint.source(), names.size(), CheckpointFile.show(names.getFirst())));
      unused =
          names.stream()
              .map(checkpoint::find)
              .filter(Objects::nonNull)
              .mapToLong(CheckpointSource::parameters)
              .sum();
    }
  }

  /** Every tensor that loading asks for. */
  void compare(EncoderConfig config, Checkpoint checkpoint) {
    if (readable) {
      findings.tried(
          WEIGHTS,
          () -> {
            TorchEncoder.check(config, checkpoint);
            return true;
          });
    }
  }

  /** Bytes of a number of the KV cache. */
  int elementBytes(@Nullable Checkpoint checkpoint) {
    return bytes(
        checkpoint == null
            ? dtype == LoadOptions.Dtype.FLOAT32 ? ComputeType.FLOAT32 : ComputeType.BFLOAT16
            : CheckpointSource.compute(checkpoint, dtype));
  }

  private static int bytes(ComputeType type) {
    return EngineLoader.element(type).bytes();
  }

  /**
   * What they are and take.
   *
   * @param tiedNumbers numbers that are stored once and held twice
   */
  Inspection.Weights describe(Checkpoint checkpoint, boolean tied, long tiedNumbers) {
    long parameters = checkpoint.tensors().stream().mapToLong(CheckpointSource::parameters).sum();
    ComputeType type = CheckpointSource.compute(checkpoint, dtype);
    return new Inspection.Weights(
        parameters,
        checkpoint.bytes(),
        CheckpointSource.name(CheckpointSource.stored(checkpoint)),
        type.name().toLowerCase(Locale.ROOT),
        tied,
        CheckpointSource.stored(checkpoint) == DType.I32
            ? checkpoint.bytes() + tiedNumbers * bytes(type) // as they are stored
            : (parameters - unused + tiedNumbers) * bytes(type));
  }
}
