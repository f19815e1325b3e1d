package dev.outcrop.models.torch;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a model over devices (pipeline parallelism, arXiv 1811.06965): every device gets a stage
 * of neighbouring layers, so that the device with the most bytes has as few as can be.
 */
final class LayerSplit {
  private static final Pattern OF_LAYER = Pattern.compile("(?:model\\.)?layers\\.(\\d{1,5})\\..*");

  private LayerSplit() {}

  /** Stages for the devices of the options. */
  static List<Stage> stages(DecoderConfig config, Checkpoint checkpoint, TorchOptions options) {
    return stages(bytes(config, checkpoint, options), options.devices());
  }

  /**
   * Bytes of every layer with its KV, weights as the checkpoint stores them; the first has the
   * embedding too, the last the head.
   */
  static long[] bytes(DecoderConfig config, Checkpoint checkpoint, TorchOptions options) {
    int layers = config.layers().size();
    long[] bytes = new long[layers];
    Arrays.fill(
        bytes,
        config.kvNumbersPerToken() / layers * options.type().bytes() * (long) options.kvTokens());
    long embedding = 0;
    long head = 0;
    for (StoredTensor tensor : checkpoint.tensors()) {
      Matcher matcher = OF_LAYER.matcher(tensor.name());
      int layer = matcher.matches() ? Integer.parseInt(matcher.group(1)) : layers;
      if (layer < layers) {
        bytes[layer] += tensor.bytes();
      } else if (tensor.name().endsWith("embed_tokens.weight")) {
        embedding = tensor.bytes();
      } else if (tensor.name().equals("lm_head.weight")) {
        head = tensor.bytes();
      }
    }
    bytes[0] += embedding;
    // A tied head is a copy: the devices of the two ends share no memory.
    bytes[layers - 1] += config.tiedEmbeddings() || head == 0 ? embedding : head;
    return bytes;
  }

  /** Stages of equal layers, for weights that are drawn. */
  static List<Stage> stages(DecoderConfig config, TorchOptions options) {
    long[] bytes = new long[config.layers().size()];
    Arrays.fill(bytes, 1);
    return stages(bytes, options.devices());
  }

  /**
   * Splits layers of so many bytes, each device's at least one layer. Of splits that are as good
   * the one with the fewest layers in front.
   */
  static List<Stage> stages(long[] bytes, List<TorchDevice> devices) {
    int layers = bytes.length;
    int parts = devices.size();
    if (parts > layers) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "a model of %d layers cannot be split over %d devices".formatted(layers, parts));
    }
    long[] before = new long[layers + 1];
    for (int l = 0; l < layers; l++) {
      before[l + 1] = before[l] + bytes[l];
    }
    // most[p][l]: the bytes of the fullest of p devices that hold the first l layers.
    long[][] most = new long[parts + 1][layers + 1];
    int[][] cut = new int[parts + 1][layers + 1];
    for (long[] row : most) {
      Arrays.fill(row, Long.MAX_VALUE);
    }
    most[0][0] = 0;
    for (int p = 1; p <= parts; p++) {
      for (int l = p; l <= layers - (parts - p); l++) {
        for (int from = p - 1; from < l; from++) {
          long here = Math.max(most[p - 1][from], before[l] - before[from]);
          if (here < most[p][l]) {
            most[p][l] = here;
            cut[p][l] = from;
          }
        }
      }
    }
    List<Stage> stages = new ArrayList<>();
    int to = layers;
    for (int p = parts; p > 0; p--) {
      int from = cut[p][to];
      stages.addFirst(new Stage(from, to, layers, devices.get(p - 1)));
      to = from;
    }
    return stages;
  }
}
