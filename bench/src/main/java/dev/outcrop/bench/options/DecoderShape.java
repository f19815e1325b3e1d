package dev.outcrop.bench.options;

import dev.outcrop.models.loading.EngineBench;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A decoder to draw random weights for, as an option says it and as results describe it.
 *
 * @param numbers its sizes
 */
public record DecoderShape(EngineBench.Shape numbers) {
  /** What the six numbers of an option are. */
  public static final String FORM = "hidden,layers,heads,kv-heads,intermediate,vocabulary";

  /** Writes the sizes down, each under its name. */
  public void describe(Map<String, Object> described) {
    described.put("hidden", numbers.hidden());
    described.put("layers", numbers.layers());
    described.put("heads", numbers.heads());
    described.put("kvHeads", numbers.kvHeads());
    described.put("intermediate", numbers.intermediate());
    described.put("vocabulary", numbers.vocabulary());
  }

  private static DecoderShape parse(String text) {
    int[] sizes = Sizes.read(text, FORM, "six");
    if (sizes[0] % sizes[2] != 0 || sizes[2] % sizes[3] != 0 || sizes[5] == 1) {
      throw new TypeConversionException(
          "hidden has to be a multiple of heads, heads of kv-heads, and vocabulary above 1, was "
              + text);
    }
    return new DecoderShape(
        new EngineBench.Shape(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
  }

  /** For picocli. */
  public static final class Converter implements ITypeConverter<DecoderShape> {
    /** For picocli. */
    public Converter() {}

    @Override
    public DecoderShape convert(String value) {
      return parse(value);
    }
  }
}
