package dev.outcrop.bench.options;

import dev.outcrop.models.loading.EncoderBench;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An encoder to draw random weights for, as an option says it and as results describe it.
 *
 * @param numbers its sizes
 */
public record EncoderShape(EncoderBench.Shape numbers) {
  /** What the five numbers of an option are. */
  public static final String FORM = "hidden,layers,heads,intermediate,vocabulary";

  /** Writes the sizes down, each under its name. */
  public void describe(Map<String, Object> described) {
    described.put("hidden", numbers.hidden());
    described.put("layers", numbers.layers());
    described.put("heads", numbers.heads());
    described.put("intermediate", numbers.intermediate());
    described.put("vocabulary", numbers.vocabulary());
  }

  private static EncoderShape parse(String text) {
    int[] sizes = Sizes.read(text, FORM, "five");
    if (sizes[0] % sizes[2] != 0) {
      throw new TypeConversionException("hidden has to be a multiple of heads, was " + text);
    }
    return new EncoderShape(
        new EncoderBench.Shape(sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]));
  }

  /** For picocli. */
  public static final class Converter implements ITypeConverter<EncoderShape> {
    /** For picocli. */
    public Converter() {}

    @Override
    public EncoderShape convert(String value) {
      return parse(value);
    }
  }
}
