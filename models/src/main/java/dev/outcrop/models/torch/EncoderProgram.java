package dev.outcrop.models.torch;

import dev.outcrop.models.arch.EncoderConfig;
import dev.outcrop.models.arch.EncoderConfig.Activation;
import dev.outcrop.models.arch.EncoderConfig.Classifier;
import dev.outcrop.models.arch.EncoderConfig.Positions;
import dev.outcrop.models.arch.Pooling;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The encoder's TorchScript text, specialised for one configuration and type. */
final class EncoderProgram {
  private static final int MIN_BLOCK = 128;

  private EncoderProgram() {}

  /**
   * Writes the program.
   *
   * @param pooling how embeddings are pooled
   * @param normalize whether they are scaled to length 1
   * @param onednn whether linear layers take weights in oneDNN's own layout
   */
  static String text(
      EncoderConfig config, Pooling pooling, boolean normalize, ElementType type, boolean onednn) {
    Classifier head = config.classifier();
    ProgramText text =
        new ProgramText()
            .value("dtype", type.scalarType())
            .value("hidden", config.hiddenSize())
            .value("layers", config.layers())
            .value("heads", config.heads())
            .value("heads2", 2 * config.heads())
            .value("heads3", 3 * config.heads())
            .value("head_dim", config.headDim())
            .value("half_dim", config.headDim() / 2)
            .value("eps", ProgramText.number(config.normEps()))
            .value("pooling", name(pooling))
            .flag("normalize", normalize)
            .flag("onednn", onednn)
            .flag("gelu", config.activation() == Activation.GELU)
            .flag("gelu_tanh", config.activation() == Activation.GELU_TANH)
            .flag("relu", config.activation() == Activation.RELU)
            .flag("attention_bias", config.biases().attention())
            .flag("mlp_bias", config.biases().mlp())
            .flag("norm_bias", config.biases().norm())
            .flag("head", head != null)
            .flag("head_bias", head != null && head.bias())
            .value("norm_bias_at", head != null && head.bias() ? 5 : 4)
            .value("head_pooling", head == null ? "" : name(head.pooling()))
            .flag("learned", config.positions() instanceof Positions.Learned)
            .flag("rotary", config.positions() instanceof Positions.Rotary);
    switch (config.positions()) {
      case Positions.Learned _ ->
          text.value("window", 0)
              .value("block", 1)
              .value(
                  "local_layers",
                  locals(IntStream.range(0, config.layers()).mapToObj(_ -> false).toList()));
      case Positions.Rotary(double global, double local, int window, var localLayers) ->
          text.value("window", window)
              .value("block", Math.max(2 * window, MIN_BLOCK))
              .value("local_layers", locals(localLayers))
              .value("global_theta", ProgramText.number(global))
              .value("local_theta", ProgramText.number(local));
    }
    return text.read("encoder.torchscript", "encoder_weights.torchscript");
  }

  private static String locals(List<Boolean> layers) {
    return layers.stream()
        .map(local -> local ? "1" : "0")
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String name(Pooling pooling) {
    return pooling.name().toLowerCase(Locale.ROOT);
  }
}
