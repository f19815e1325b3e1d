package dev.outcrop.helm;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What rights a release gives. Each law gives what breaks it. */
final class RightLaws {
  /** What signals asks the API server for in its namespace, as RightsTest sees it ask. */
  private static final Set<String> NEEDED =
      Set.of(
          "/pods get",
          "/pods list",
          "/pods watch",
          "/pods patch",
          "apps/deployments/scale get named",
          "coordination.k8s.io/leases create",
          "coordination.k8s.io/leases get named",
          "coordination.k8s.io/leases patch named",
          "/configmaps create",
          "/configmaps get named",
          "/configmaps patch named");

  /** What autoscalers of the cluster are given in mode external. */
  private static final Set<String> CLUSTER =
      Set.of("external.metrics.k8s.io/* get", "external.metrics.k8s.io/* list");

  private RightLaws() {}

  static List<String> findings(Rendering rendering) {
    List<String> found = new ArrayList<>();
    for (Role role : rendering.all(Role.class)) {
      Set<String> rights = rights(role.getRules());
      rights.stream()
          .filter(right -> !NEEDED.contains(right))
          .forEach(right -> found.add("Role " + role.getMetadata().getName() + ": " + right));
    }
    for (ClusterRole role : rendering.all(ClusterRole.class)) {
      rights(role.getRules()).stream()
          .filter(right -> !CLUSTER.contains(right))
          .forEach(
              right -> found.add("ClusterRole " + role.getMetadata().getName() + ": " + right));
    }
    return found;
  }

  static Set<String> rights(List<PolicyRule> rules) {
    Set<String> rights = new TreeSet<>();
    for (PolicyRule rule : rules) {
      String named = rule.getResourceNames().isEmpty() ? "" : " named";
      rule.getApiGroups().stream()
          .flatMap(group -> rule.getResources().stream().map(resource -> group + "/" + resource))
          .flatMap(resource -> rule.getVerbs().stream().map(verb -> resource + " " + verb + named))
          .forEach(rights::add);
      Stream.of(rule.getNonResourceURLs())
          .filter(urls -> !urls.isEmpty())
          .forEach(urls -> rights.add("urls " + urls));
    }
    return rights;
  }
}
