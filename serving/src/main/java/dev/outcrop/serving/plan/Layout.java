package dev.outcrop.serving.plan;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.serving.prices.Device;
import dev.outcrop.serving.prices.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a model lies on an instance: as many replicas as there is room for, each on some devices that
 * hold it. Over several GPUs or processors its layers are split; over several Neuron devices each
 * layer is.
 *
 * @param devicesPerReplica devices of a replica
 * @param stages parts that work on a step one after the other
 * @param replicas replicas on the instance
 * @param kvTokens tokens of KV that a replica has room for
 * @param kvCopies how many parts of a replica hold the same KV
 */
public record Layout(
    int devicesPerReplica, int stages, int replicas, double kvTokens, double kvCopies) {
  /** Share of a device's memory for weights and KV; the rest is for programs and activations. */
  public static final double USABLE = 0.9;

  /** Cores of a Neuron device; heads are dealt out to cores. */
  private static final int NEURON_CORES = 2;

  /**
   * Lays a model out on as few devices as hold it.
   *
   * @param longest tokens of the sequence that has to find room
   * @return nothing where the instance's memory does not hold the model
   */
  public static Optional<Layout> of(ModelWork work, Instance instance, double longest) {
    return all(work, instance, longest).stream().findFirst();
  }

  /**
   * All the ways to lay it out, fewest devices first. More of them leave fewer replicas with more
   * room for KV, and with it for larger steps.
   */
  static List<Layout> all(ModelWork work, Instance instance, double longest) {
    List<Layout> all = new ArrayList<>();
    double memory = instance.device().memoryBytes() * USABLE;
    boolean neuron = instance.device().kind() == Device.Kind.NEURON;
    for (int devices = 1; devices <= instance.devices(); devices++) {
      double copies = neuron ? work.config().attention().kvCopies(NEURON_CORES * devices) : 1;
      double tokens = (devices * memory - work.weightBytes()) / (copies * work.kvBytesPerToken());
      if (tokens >= longest && divides(devices, neuron, work.config())) {
        int stages = neuron ? 1 : devices;
        all.add(new Layout(devices, stages, instance.devices() / devices, tokens, copies));
      }
    }
    return all;
  }

  /** On Neuron the rules of the compile job, models/neuron/weights.py. */
  private static boolean divides(int devices, boolean neuron, DecoderConfig config) {
    if (!neuron) {
      return devices <= config.layers().size();
    }
    int ranks = NEURON_CORES * devices;
    int kvHeads = config.attention().kvHeads();
    return config.attention().heads() % ranks == 0
        && config.hiddenSize() % ranks == 0
        && config.layers().stream().allMatch(layer -> layer.mlp().width() % ranks == 0)
        && (kvHeads % ranks == 0 || ranks % kvHeads == 0);
  }

  /** What the devices are together that work on a step at the same time. */
  Roof roof(Roof device) {
    return device.times(devicesPerReplica / stages, kvCopies);
  }
}
