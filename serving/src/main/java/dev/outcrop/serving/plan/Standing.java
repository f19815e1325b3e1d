package dev.outcrop.serving.plan;

import dev.outcrop.models.arch.GpuSupport;
import dev.outcrop.models.arch.NeuronSupport;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.prices.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether Outcrop serves a model on an instance as of this version. Verdicts count only what it
 * does.
 *
 * @param state in one word
 * @param reason why, empty where it is served
 */
public record Standing(State state, String reason) {
  private static final double GIGA = 1e9;

  /** In one word. */
  public enum State {
    /** It runs there. */
    SERVED,
    /** There is a program, but nobody has run it on such hardware. */
    UNTESTED,
    /** There is no program for it. */
    UNSUPPORTED,
    /** Memory does not hold it. */
    TOO_LARGE;

    /** As tables have it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Runs there. */
  public static final Standing SERVED = new Standing(State.SERVED, "");

  /** How a model stands on an instance on which it lies so, or does not fit. */
  public static Standing of(ModelWork work, Instance instance, Optional<Layout> layout) {
    if (layout.isEmpty()) {
      return new Standing(
          State.TOO_LARGE,
          String.format(
              Locale.ROOT,
              "weights of %.1f GB and KV do not fit %d x %.0f GB",
              work.weightBytes() / GIGA,
              instance.devices(),
              instance.device().memoryBytes() / GIGA));
    }
    int devices = layout.get().devicesPerReplica();
    return switch (instance.device().kind()) {
      case NEURON -> neuron(work);
      case GPU -> gpu(work, devices);
      case CPU -> SERVED;
    };
  }

  private static Standing neuron(ModelWork work) {
    List<String> missing = new ArrayList<>(NeuronSupport.missing(work.config()));
    if (work.quantization() != Quantization.NONE) {
      missing.add("quantised weights");
    }
    return missing.isEmpty()
        ? new Standing(State.UNTESTED, "Neuron is untested on hardware")
        : new Standing(
            State.UNSUPPORTED,
            "the compile job for Neuron does not have " + String.join(", ", missing));
  }

  private static Standing gpu(ModelWork work, int devices) {
    List<String> missing = new ArrayList<>(GpuSupport.missing(work.config()));
    if (work.quantization().bits() == 8) {
      missing.add("weights of eight bits");
    }
    if (!missing.isEmpty()) {
      return new Standing(
          State.UNSUPPORTED, "the program for GPUs does not have " + String.join(", ", missing));
    }
    return new Standing(
        State.UNTESTED,
        devices == 1
            ? "the program for GPUs is untested on hardware"
            : "GPUs are untested on hardware, and so are layers split over %d of them"
                .formatted(devices));
  }
}
