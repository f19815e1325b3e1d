package dev.outcrop.k8s.config;

import dev.outcrop.k8s.policy.PolicySettings;
import java.time.Duration;
import java.util.Map;

/**
 * One model, the workload that serves it, and what its replica count follows ({@link
 * PolicySettings} says what each of these means).
 *
 * @param id the model's id, as the pods' metrics name it
 * @param workload the name of its Deployment
 * @param selector the labels of its pods
 * @param managementPort the pods' port of metrics
 * @param min the fewest replicas to ask for
 * @param max the most replicas to ask for
 * @param ttftBudget the time in which the prompts that wait are to be run
 * @param kvTarget share of its KV that a replica's requests are to hold
 * @param prefillTarget share of a replica's time that prompts are to take
 * @param prefillTokensPerSecond prompt tokens that a replica runs; 0 for what the pods learn
 * @param knee running requests up to which a replica keeps its token interval; 0 for what the pods
 *     learn
 * @param longestPrompt tokens of the longest prompt to have its first token in time; 0 if not known
 * @param upFactor to how many times as many replicas at once
 * @param upReplicas how many more at once, if that is more
 * @param upInterval within which that counts as at once
 * @param startup what a new replica takes until it serves
 * @param patience how long a pending replica is waited for
 * @param scaleDownWindow for how long fewer must have been enough before one is removed
 * @param downReplicas how many are removed at once
 * @param downInterval within which that counts as at once
 * @param burnPolls readings with missed targets after which replicas are added
 * @param burnShare how many are added then
 * @param silentShare share of the pods that may be silent for a reading to count
 */
public record ModelConfig(
    String id,
    String workload,
    Map<String, String> selector,
    int managementPort,
    int min,
    int max,
    Duration ttftBudget,
    double kvTarget,
    double prefillTarget,
    double prefillTokensPerSecond,
    double knee,
    int longestPrompt,
    double upFactor,
    int upReplicas,
    Duration upInterval,
    Duration startup,
    Duration patience,
    Duration scaleDownWindow,
    int downReplicas,
    Duration downInterval,
    int burnPolls,
    double burnShare,
    double silentShare) {
  private static final int MOST_REPLICAS = 10_000;
  private static final int MAX_PORT = 65_535;

  /** For as long the policy remembers readings. */
  private static final Duration LONGEST = Duration.ofHours(24);

  /** Checks all; messages start with the key they are about. */
  public ModelConfig {
    if (Check.required(id, "id").isBlank()) {
      throw new IllegalArgumentException("id must not be empty");
    }
    Check.name(workload, "workload");
    selector = Map.copyOf(Check.required(selector, "selector"));
    if (selector.isEmpty()) {
      throw new IllegalArgumentException("selector must name at least one label");
    }
    Check.between(managementPort, 1, MAX_PORT, "management-port");
    Check.between(max, 1, MOST_REPLICAS, "max");
    Check.required(ttftBudget, "ttft-budget");
    Check.between(upInterval, Duration.ZERO, LONGEST, "up-interval");
    Check.between(startup, Duration.ZERO, LONGEST, "startup");
    Check.required(patience, "patience");
    Check.between(scaleDownWindow, Duration.ZERO, LONGEST, "scale-down-window");
    Check.between(downInterval, Duration.ZERO, LONGEST, "down-interval");
  }

  /** What the policy takes. */
  public PolicySettings policy() {
    return new PolicySettings(
        min,
        max,
        new PolicySettings.Targets(
            ttftBudget, kvTarget, prefillTarget, prefillTokensPerSecond, knee, longestPrompt),
        new PolicySettings.Up(upFactor, upReplicas, upInterval, startup, patience),
        new PolicySettings.Down(scaleDownWindow, downReplicas, downInterval),
        new PolicySettings.Correction(burnPolls, burnShare),
        silentShare);
  }
}
