package dev.outcrop.models.torch;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.PackedWeights;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a linear layer that a checkpoint holds in four bits: those of each part in turn,
 * numbers, zeros, scales, and where {@code ordered} the group of each input.
 */
record PackedTensors(List<StoredTensor> all, boolean ordered) {
  private static final String NUMBERS = ".qweight";
  private static final int IN_INTEGER = 8;

  /** Where the numbers of a weight are. */
  static String qweight(String weight) {
    return weight.replaceFirst("\\.weight$", NUMBERS);
  }

  static boolean holds(StoredTensor tensor) {
    return tensor.name().endsWith(NUMBERS);
  }

  /** The numbers of a matrix of such a shape. */
  static StoredTensor numbers(
      Checkpoint checkpoint, String name, PackedWeights packed, long outputs, long inputs) {
    if (inputs % packed.group() != 0 || outputs % IN_INTEGER != 0) {
      throw unsupported(
          checkpoint,
          "'%s' has %d inputs and %d outputs, no multiples of group_size %d and of 8"
              .formatted(name, inputs, outputs, packed.group()));
    }
    return switch (packed.method()) {
      case GPTQ -> checkpoint.requireIntegers(name, inputs / IN_INTEGER, outputs);
      case AWQ -> checkpoint.requireIntegers(name, inputs, outputs / IN_INTEGER);
    };
  }

  /** Refuses a checkpoint that says it is quantised where nothing is. */
  static void expect(Checkpoint checkpoint, @Nullable PackedWeights packed) {
    if (packed != null && checkpoint.tensors().stream().noneMatch(PackedTensors::holds)) {
      throw unsupported(
          checkpoint,
          "config.json has a quantization_config of %s, but no tensor is quantised"
              .formatted(packed.method().name().toLowerCase(Locale.ROOT)));
    }
  }

  /** What belongs to the numbers of the parts of a layer. */
  static PackedTensors of(Checkpoint checkpoint, PackedWeights packed, StoredTensor... parts) {
    List<StoredTensor> all = new ArrayList<>();
    boolean ordered = checkpoint.find(sibling(parts[0], ".g_idx")) != null;
    for (StoredTensor part : parts) {
      if (!holds(part)) {
        throw unsupported(
            checkpoint,
            "'%s' is whole where other parts of its layer are quantised".formatted(part.name()));
      }
      boolean gptq = packed.method() == PackedWeights.Method.GPTQ;
      long inputs = part.shape().getFirst() * (gptq ? IN_INTEGER : 1);
      long outputs = part.shape().getLast() * (gptq ? 1 : IN_INTEGER);
      long groups = inputs / packed.group();
      all.add(part);
      all.add(checkpoint.requireIntegers(sibling(part, ".qzeros"), groups, outputs / IN_INTEGER));
      all.add(checkpoint.require(sibling(part, ".scales"), groups, outputs));
      if (ordered) {
        all.add(checkpoint.requireIntegers(sibling(part, ".g_idx"), inputs));
      }
    }
    return new PackedTensors(all, ordered);
  }

  private static String sibling(StoredTensor numbers, String ending) {
    String name = numbers.name();
    return name.substring(0, name.length() - NUMBERS.length()) + ending;
  }

  private static OutcropException unsupported(Checkpoint checkpoint, String what) {
    return new OutcropException(
        ModelError.CHECKPOINT_UNSUPPORTED, checkpoint.source() + ": " + what);
  }
}
