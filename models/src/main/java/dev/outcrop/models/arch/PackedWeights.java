package dev.outcrop.models.arch;

import dev.outcrop.models.files.Fields;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a checkpoint holds the weights of its linear layers where they were quantised to four bits
 * before: eight in an int32, a scale and a zero for each group of inputs. Layers that have a plain
 * weight are not quantised.
 *
 * @param method the layout of the tensors
 * @param group inputs that share a scale: 32, 64 or 128
 * @param zeroOffset what is added to a stored zero
 */
public record PackedWeights(Method method, int group, int zeroOffset) {
  /** Bits of a number; others are refused. */
  public static final int BITS = 4;

  private static final Set<Integer> GROUPS = Set.of(32, 64, 128);
  private static final Set<Family> FAMILIES =
      Set.of(
          Family.LLAMA,
          Family.MISTRAL,
          Family.QWEN2,
          Family.QWEN3,
          Family.GEMMA2,
          Family.GEMMA3_TEXT,
          Family.OLMO2,
          Family.GRANITE,
          Family.SMOLLM3);

  /** The layouts. */
  public enum Method {
    /** GPTQ's: qweight [in / 8, out], qzeros [in / group, out / 8], scales [in / group, out]. */
    GPTQ,
    /**
     * AWQ's "gemm": qweight [in, out / 8] and qzeros alike, their columns in an order of its own.
     */
    AWQ
  }

  /**
   * Reads quantization_config.
   *
   * @return null where it is of another method, or the family's layers are held in another way
   */
  static @Nullable PackedWeights read(Family family, Fields quantisation) {
    String method = quantisation.text("quant_method", "");
    boolean known = method.equals("gptq") || method.equals("awq");
    return known && FAMILIES.contains(family) ? read(method, quantisation) : null;
  }

  private static PackedWeights read(String method, Fields fields) {
    int bits = fields.integer("bits", 1, 32);
    if (bits != BITS) {
      throw fields.unsupported("bits", Integer.toString(bits), Integer.toString(BITS));
    }
    int group = fields.integer("group_size", -1, 1 << 20);
    if (!GROUPS.contains(group)) {
      throw fields.unsupported("group_size", Integer.toString(group), "32, 64, 128");
    }
    if (method.equals("awq")) {
      one(fields, "version", "gemm");
      return new PackedWeights(Method.AWQ, group, 0);
    }
    String format = fields.text("checkpoint_format", "gptq");
    if (!format.equals("gptq") && !format.equals("gptq_v2")) {
      throw fields.unsupported("checkpoint_format", "'" + format + "'", "gptq, gptq_v2");
    }
    // The first format stores zeros less one.
    return new PackedWeights(Method.GPTQ, group, format.equals("gptq") ? 1 : 0);
  }

  private static void one(Fields fields, String name, String supported) {
    String value = fields.text(name, supported);
    if (!value.equalsIgnoreCase(supported)) {
      throw fields.unsupported(name, "'" + value + "'", supported);
    }
  }
}
