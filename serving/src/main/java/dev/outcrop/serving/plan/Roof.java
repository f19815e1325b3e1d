package dev.outcrop.serving.plan;

import dev.outcrop.serving.prices.Device;

/**
 * How fast one device can be at all: a step takes as long as its bytes or its operations, whichever
 * is slower (Williams, Waterman, Patterson: Roofline, 2009).
 *
 * @param bytesPerSecond of memory
 * @param flopsPerSecond of arithmetic
 * @param kvCopies how often the KV of a sequence is read, by devices that hold it for themselves
 */
public record Roof(double bytesPerSecond, double flopsPerSecond, double kvCopies) {
  /** One that reads KV once. */
  public Roof(double bytesPerSecond, double flopsPerSecond) {
    this(bytesPerSecond, flopsPerSecond, 1);
  }

  /** A device of which an engine reaches a share. */
  public static Roof of(Device device, Share share) {
    return new Roof(
        device.bytesPerSecond() * share.bandwidth(), device.flopsPerSecond() * share.flops());
  }

  /** So many of them, each with its part of all bytes and operations but those of doubled KV. */
  Roof times(int devices, double copies) {
    return new Roof(devices * bytesPerSecond, devices * flopsPerSecond, copies);
  }

  /** Seconds for bytes and operations that overlap. */
  public double seconds(double bytes, double flops) {
    return Math.max(bytes / bytesPerSecond, flops / flopsPerSecond);
  }

  /**
   * Seconds of a step in which so many sequences get a token each.
   *
   * @param context tokens that each of them sees, on average
   */
  public double decodeSeconds(ModelWork work, double sequences, double context) {
    return seconds(
        work.bytesRead(sequences) + sequences * kvCopies * work.kvBytesRead(context),
        sequences * work.decodeFlops(context));
  }

  /** Seconds to run a prompt that has the device to itself. */
  public double promptSeconds(ModelWork work, double tokens) {
    return tokens <= 0 ? 0 : seconds(work.bytesRead(tokens), work.promptFlops(tokens));
  }

  /** Seconds that a token found in the cache costs: its KV is read once for the rest. */
  public double cachedSeconds(ModelWork work) {
    return kvCopies * work.kvBytesPerToken() / bytesPerSecond;
  }
}
