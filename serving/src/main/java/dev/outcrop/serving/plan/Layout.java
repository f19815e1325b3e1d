package dev.outcrop.serving.plan;

import dev.outcrop.serving.prices.Instance;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a model lies on an instance: as many replicas as there is room for, each on some devices that
 * hold it. Over several devices its layers are split.
 *
 * @param devicesPerReplica devices of a replica
 * @param replicas replicas on the instance
 * @param kvTokens tokens of KV that a replica has room for
 */
public record Layout(int devicesPerReplica, int replicas, double kvTokens) {
  /** Share of a device's memory for weights and KV; the rest is for programs and activations. */
  public static final double USABLE = 0.9;

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
    int layers = work.config().layers().size();
    for (int devices = 1; devices <= Math.min(instance.devices(), layers); devices++) {
      double tokens = (devices * memory - work.weightBytes()) / work.kvBytesPerToken();
      if (tokens >= longest) {
        all.add(new Layout(devices, instance.devices() / devices, tokens));
      }
    }
    return all;
  }
}
