package dev.outcrop.bench.peers;

import dev.outcrop.bench.options.DecoderShape;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;

/** Shapes with a name, besides those in numbers. */
final class Preset {
  /** What {@code --shape} takes. */
  static final String FORM = "229m, 1b, or " + DecoderShape.FORM;

  private Preset() {}

  /** For picocli. */
  static final class Converter implements ITypeConverter<DecoderShape> {
    @Override
    public DecoderShape convert(String value) {
      String numbers =
          switch (value.toLowerCase(Locale.ROOT)) {
            case "229m" -> "1024,12,16,4,3584,32000";
            case "1b" -> "2048,16,32,8,8192,128256";
            default -> value;
          };
      return new DecoderShape.Converter().convert(numbers);
    }
  }
}
