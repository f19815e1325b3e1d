package dev.outcrop.serving.prices;

/**
 * A kind of accelerator, or the processors of an instance taken together.
 *
 * @param name its name
 * @param kind what programs run on it
 * @param memoryBytes memory of one
 * @param bytesPerSecond bandwidth of that memory
 * @param flopsPerSecond arithmetic in bfloat16, without sparsity
 * @param source who said so
 */
public record Device(
    String name,
    Kind kind,
    double memoryBytes,
    double bytesPerSecond,
    double flopsPerSecond,
    Source source) {
  /** What programs run on a device. */
  public enum Kind {
    /** What Outcrop is run on. */
    CPU,
    /** NVIDIA: the program is written but untested on hardware. */
    GPU,
    /** Inferentia and Trainium: the program is written but untested on hardware. */
    NEURON
  }
}
