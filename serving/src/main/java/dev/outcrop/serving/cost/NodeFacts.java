package dev.outcrop.serving.cost;

import java.util.Map;

/**
 * What is known of the node.
 *
 * @param name its name in Kubernetes, empty where not known
 * @param instance type of the instance, likewise
 * @param capacity {@code spot}, {@code on-demand} and the like, likewise
 * @param devices accelerators of it, 0 where not known
 */
record NodeFacts(String name, String instance, String capacity, int devices) {
  static final String NAME = "OUTCROP_NODE_NAME";
  static final String INSTANCE = "OUTCROP_NODE_INSTANCE_TYPE";
  static final String CAPACITY = "OUTCROP_NODE_CAPACITY_TYPE";

  /** What stands in the environment. */
  static NodeFacts of(Map<String, String> environment) {
    return new NodeFacts(
        environment.getOrDefault(NAME, ""),
        environment.getOrDefault(INSTANCE, ""),
        environment.getOrDefault(CAPACITY, ""),
        0);
  }

  /** The same, where others know no better. */
  NodeFacts or(NodeFacts other) {
    return new NodeFacts(
        name.isEmpty() ? other.name : name,
        instance.isEmpty() ? other.instance : instance,
        capacity.isEmpty() ? other.capacity : capacity,
        devices == 0 ? other.devices : devices);
  }
}
