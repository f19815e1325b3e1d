package dev.outcrop.helm;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;

/** Says what the policies of a rendering let through, as a network plugin that heeds them would. */
record NetworkFlows(Rendering rendering) {

  /** An end of a flow: a pod in a namespace, or an address outside the cluster where ip is set. */
  record End(Map<String, String> namespace, Map<String, String> labels, String ip) {
    static End pod(String namespace, Map<String, String> labels) {
      return new End(Map.of("kubernetes.io/metadata.name", namespace), labels, "");
    }

    static End address(String ip) {
      return new End(Map.of(), Map.of(), ip);
    }
  }

  /** Whether a pod of the release gets what the other end sends to one of its ports. */
  boolean reaches(End from, Map<String, String> pod, int port, Map<String, Integer> portNames) {
    List<NetworkPolicy> policies = policies(pod, "Ingress");
    return policies.isEmpty()
        || policies.stream()
            .flatMap(policy -> policy.getSpec().getIngress().stream())
            .anyMatch(
                rule -> peers(rule.getFrom(), from) && ports(rule.getPorts(), port, portNames));
  }

  /** Whether what a pod of the release sends leaves it. */
  boolean leaves(Map<String, String> pod, End to, int port) {
    List<NetworkPolicy> policies = policies(pod, "Egress");
    return policies.isEmpty()
        || policies.stream()
            .flatMap(policy -> policy.getSpec().getEgress().stream())
            .anyMatch(rule -> peers(rule.getTo(), to) && ports(rule.getPorts(), port, Map.of()));
  }

  private List<NetworkPolicy> policies(Map<String, String> pod, String type) {
    return rendering.all(NetworkPolicy.class).stream()
        .filter(policy -> policy.getSpec().getPolicyTypes().contains(type))
        .filter(policy -> matches(policy.getSpec().getPodSelector(), pod))
        .toList();
  }

  private boolean peers(List<NetworkPolicyPeer> peers, End end) {
    return peers.isEmpty() || peers.stream().anyMatch(peer -> peer(peer, end));
  }

  private boolean peer(NetworkPolicyPeer peer, End end) {
    if (peer.getIpBlock() != null) {
      return !end.ip().isEmpty() && within(peer.getIpBlock(), end.ip());
    }
    if (!end.ip().isEmpty()) {
      return false;
    }
    boolean namespace =
        peer.getNamespaceSelector() == null
            ? rendering.namespace().equals(end.namespace().get("kubernetes.io/metadata.name"))
            : matches(peer.getNamespaceSelector(), end.namespace());
    return namespace
        && (peer.getPodSelector() == null || matches(peer.getPodSelector(), end.labels()));
  }

  private static boolean ports(
      List<NetworkPolicyPort> ports, int port, Map<String, Integer> names) {
    return ports.isEmpty()
        || ports.stream()
            .filter(allowed -> !"UDP".equals(allowed.getProtocol()))
            .anyMatch(
                allowed -> {
                  if (allowed.getPort() == null) {
                    return true;
                  }
                  Object value = allowed.getPort().getValue();
                  return value.equals(port) || Integer.valueOf(port).equals(names.get(value));
                });
  }

  static boolean matches(LabelSelector selector, Map<String, String> labels) {
    return (selector.getMatchLabels() == null
            || labels.entrySet().containsAll(selector.getMatchLabels().entrySet()))
        && selector.getMatchExpressions().stream()
            .allMatch(
                expression -> {
                  String value = labels.get(expression.getKey());
                  return switch (expression.getOperator()) {
                    case "In" -> value != null && expression.getValues().contains(value);
                    case "NotIn" -> !expression.getValues().contains(value);
                    case "Exists" -> value != null;
                    case "DoesNotExist" -> value == null;
                    default -> throw new AssertionError(expression.getOperator());
                  };
                });
  }

  private static boolean within(IPBlock block, String ip) {
    return contains(block.getCidr(), ip)
        && block.getExcept().stream().noneMatch(except -> contains(except, ip));
  }

  private static boolean contains(String cidr, String ip) {
    try {
      byte[] net = InetAddress.getByName(cidr.substring(0, cidr.indexOf('/'))).getAddress();
      byte[] address = InetAddress.getByName(ip).getAddress();
      int bits = Integer.parseInt(cidr.substring(cidr.indexOf('/') + 1));
      if (net.length != address.length) {
        return false;
      }
      for (int i = 0; i < bits; i++) {
        int mask = 0x80 >> (i % 8);
        if ((net[i / 8] & mask) != (address[i / 8] & mask)) {
          return false;
        }
      }
      return true;
    } catch (UnknownHostException e) {
      throw new AssertionError(cidr + " is no address", e);
    }
  }
}
