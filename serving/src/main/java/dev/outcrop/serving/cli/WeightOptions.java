package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.Quantization;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of a command that loads a decoder: its type, and how its weights are held. */
final class WeightOptions {
  @Option(
      names = "--dtype",
      description = "Type to compute in: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private LoadOptions.Dtype dtype;

  @Option(
      names = "--quantization",
      defaultValue = "none",
      description = "How weights are held: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private Quantization quantization = Quantization.NONE;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  /** The default type of a command. */
  WeightOptions(LoadOptions.Dtype dtype) {
    this.dtype = dtype;
  }

  /** How a model is loaded with them; what does not go together is wrong usage. */
  LoadOptions load() {
    return checked(
        command,
        () ->
            new LoadOptions(
                dtype, LoadOptions.DEFAULT.kvBytes(), 0, 0, quantization, KernelTuning.usual()));
  }

  /** Makes what names an option first in what it refuses. */
  static <T> T checked(@Nullable CommandSpec command, Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          Objects.requireNonNull(command).commandLine(), "--" + e.getMessage(), e);
    }
  }
}
