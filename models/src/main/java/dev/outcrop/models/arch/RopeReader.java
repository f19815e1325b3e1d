package dev.outcrop.models.arch;

import static dev.outcrop.models.arch.ConfigParts.FULL;
import static dev.outcrop.models.arch.ConfigParts.MAX_POSITION;
import static dev.outcrop.models.arch.ConfigParts.SLIDING;

import dev.outcrop.models.files.Fields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads rotary embeddings, as transformers 4 (rope_scaling) or 5 (rope_parameters) wrote them. */
final class RopeReader {
  private static final double MAX_THETA = 1e15;
  private static final double MAX_FACTOR = 1e6;
  private static final String ORIGINAL = "original_max_position_embeddings";
  private static final String KINDS = "default, linear, dynamic, llama3, yarn, longrope";

  private final Fields config;
  private final int rotaryDim;
  private final int context;

  /**
   * For one config.
   *
   * @param rotaryDim dimensions that rotate
   * @param context max_position_embeddings
   */
  RopeReader(Fields config, int rotaryDim, int context) {
    this.config = config;
    this.rotaryDim = rotaryDim;
    this.context = context;
  }

  /** The rope that all layers share. */
  Rope ofAllLayers(double thetaAbsent) {
    Fields rope = scalingOrParameters();
    refusePartial(config);
    if (rope != null) {
      refusePartial(rope);
    }
    return read(rope, theta(thetaAbsent), context);
  }

  /** Phi-3 rotates in part, and calls longrope "su" or "yarn" in old checkpoints. */
  Rope ofPhi3(double thetaAbsent, int originalAbsent) {
    return read(scalingOrParameters(), theta(thetaAbsent), originalAbsent);
  }

  /** The rope of layers that see all tokens, where those with a window have their own. */
  Rope ofFullLayers(double thetaAbsent) {
    Fields scaling = config.object("rope_scaling");
    double theta = theta(thetaAbsent);
    return read(scaling == null ? ofType(FULL) : scaling, theta, context);
  }

  /** The rope of layers with a window. */
  Rope ofSlidingLayers(double thetaAbsent) {
    double theta = config.number("rope_local_base_freq", 1, MAX_THETA, thetaAbsent);
    return read(ofType(SLIDING), theta, context);
  }

  private @Nullable Fields ofType(String type) {
    Fields ropes = config.object("rope_parameters");
    return ropes == null ? null : ropes.object(type);
  }

  private double theta(double absent) {
    return config.number("rope_theta", 1, MAX_THETA, absent);
  }

  /** Where both stand, transformers takes the former. */
  private @Nullable Fields scalingOrParameters() {
    Fields rope = config.object("rope_scaling");
    return rope == null ? config.object("rope_parameters") : rope;
  }

  private static void refusePartial(Fields where) {
    if (where.number("partial_rotary_factor", 0, 1, 1) != 1) {
      throw where.unsupported("partial_rotary_factor", "below 1", "1");
    }
  }

  private Rope read(@Nullable Fields rope, double theta, int originalAbsent) {
    if (rope == null) {
      return new Rope.Default(theta);
    }
    String typeField = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
    String type = rope.text(typeField, "default");
    double base = rope.number("rope_theta", 1, MAX_THETA, theta);
    if (config.text("model_type", "").equals(Family.PHI3.modelType())) {
      if (type.equals("su") || type.equals("yarn")) {
        type = "longrope";
      }
    }
    return switch (type) {
      case "default" -> {
        if (rope.node().has(FULL) || rope.node().has(SLIDING)) {
          throw rope.unsupported(
              "(per layer type)", "present", "one set of rope parameters for all layers");
        }
        yield new Rope.Default(base);
      }
      case "linear" -> new Rope.Linear(base, factor(rope));
      case "dynamic" -> {
        if (rotaryDim == 2) { // the base's exponent is dim / (dim - 2)
          throw config.invalid("head_dim", "is 2, must be larger for dynamic rope");
        }
        yield new Rope.Dynamic(base, factor(rope), context);
      }
      case "llama3" -> llama3(rope, base, original(rope, originalAbsent));
      case "yarn" -> yarn(rope, base, original(rope, originalAbsent));
      case "longrope" -> longRope(rope, base, original(rope, originalAbsent));
      default -> throw rope.unsupported(typeField, "'" + type + "'", KINDS);
    };
  }

  private int original(Fields rope, int absent) {
    int inner = rope.integer(ORIGINAL, 1, MAX_POSITION, absent);
    int original = config.integer(ORIGINAL, 1, MAX_POSITION, inner);
    if (original < 2) {
      throw rope.invalid(ORIGINAL, "is %d, must be at least 2".formatted(original));
    }
    return original;
  }

  private static double factor(Fields rope) {
    return rope.number("factor", 1e-3, MAX_FACTOR);
  }

  private static Rope llama3(Fields rope, double theta, int original) {
    double low = rope.number("low_freq_factor", 1e-3, MAX_FACTOR);
    double high = rope.number("high_freq_factor", 1e-3, MAX_FACTOR);
    if (high <= low) {
      throw rope.invalid(
          "high_freq_factor", "is %s, must exceed low_freq_factor (%s)".formatted(high, low));
    }
    return new Rope.Llama3(theta, factor(rope), low, high, original);
  }

  private Rope yarn(Fields rope, double theta, int original) {
    if (theta <= 1) {
      throw rope.invalid("rope_theta", "is %s, must exceed 1".formatted(theta));
    }
    double factor = rope.number("factor", 1e-3, MAX_FACTOR, (double) context / original);
    double mscale = rope.number("mscale", 0, MAX_FACTOR, 0);
    double mscaleAllDim = rope.number("mscale_all_dim", 0, MAX_FACTOR, 0);
    double attention =
        mscale != 0 && mscaleAllDim != 0
            ? magnitude(factor, mscale) / magnitude(factor, mscaleAllDim)
            : magnitude(factor, 1);
    // How many times a pair turns within the original context: more than fast is kept as it is.
    double low = pairThatTurns(orIfZero(rope, "beta_fast", 32), theta, original);
    double high = pairThatTurns(orIfZero(rope, "beta_slow", 1), theta, original);
    if (rope.flag("truncate", true)) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    return new Rope.Yarn(
        theta,
        factor,
        rope.number("attention_factor", 0, MAX_FACTOR, attention),
        Math.max(low, 0),
        Math.min(high, rotaryDim - 1));
  }

  private static double orIfZero(Fields rope, String field, double otherwise) {
    double value = rope.number(field, 0, MAX_FACTOR, 0);
    return value == 0 ? otherwise : value;
  }

  private static double magnitude(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }

  private double pairThatTurns(double times, double theta, int original) {
    return rotaryDim * Math.log(original / (times * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  private Rope longRope(Fields rope, double theta, int original) {
    double factor = rope.number("factor", 1e-3, MAX_FACTOR, (double) context / original);
    double attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
    return new Rope.PerPair(
        theta,
        factors(rope, "short_factor"),
        factors(rope, "long_factor"),
        rope.number("attention_factor", 0, MAX_FACTOR, attention),
        original);
  }

  private List<Double> factors(Fields rope, String field) {
    List<Double> factors = rope.numbers(field, 1e-3, MAX_FACTOR, rotaryDim / 2);
    if (factors.size() != rotaryDim / 2) {
      throw rope.invalid(
          field, "has %d numbers, must have %d".formatted(factors.size(), rotaryDim / 2));
    }
    return factors;
  }
}
