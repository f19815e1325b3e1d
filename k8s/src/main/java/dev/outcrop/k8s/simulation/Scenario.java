package dev.outcrop.k8s.simulation;

/**
 * What is the same for all that scale a workload.
 *
 * @param device the replicas' machine and model
 * @param min the fewest replicas, at least 1; they are there at the beginning
 * @param max the most replicas
 * @param coldStart seconds until a replica serves
 * @param firstToken seconds of the budget for a first token
 * @param balancer who gets the next request
 */
public record Scenario(
    Device device, int min, int max, double coldStart, double firstToken, Balancer balancer) {

  /** Who gets the next request. */
  public enum Balancer {
    /** The replica with the fewest outstanding. */
    LEAST_OUTSTANDING,
    /** One after the other. */
    ROUND_ROBIN
  }

  /** One to so many replicas of {@link Device#LARGE}; two minutes to start, ten seconds' budget. */
  public static Scenario upTo(int max, Balancer balancer) {
    return new Scenario(Device.LARGE, 1, max, 120, 10, balancer);
  }

  /** The same with replicas that take so many seconds to start; nobody who scales is told. */
  public Scenario withColdStart(double seconds) {
    return new Scenario(device, min, max, seconds, firstToken, balancer);
  }

  /** The same with another budget for a first token, in seconds. */
  public Scenario withFirstToken(double seconds) {
    return new Scenario(device, min, max, coldStart, seconds, balancer);
  }
}
