package dev.outcrop.k8s.external;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A cluster that says what a test wants. */
final class FakeCluster implements DelegatedAuth {
  static final String AUTOSCALER = "system:serviceaccount:kube-system:horizontal-pod-autoscaler";

  volatile Map<String, String> data;
  volatile Set<String> allowed = Set.of(AUTOSCALER);
  volatile boolean broken;
  final List<Access> asked = Collections.synchronizedList(new ArrayList<>());

  FakeCluster(String authorities) {
    data = configMap(authorities);
  }

  /** As kube-apiserver writes it. */
  static Map<String, String> configMap(String authorities) {
    Map<String, String> data = new HashMap<>();
    data.put("client-ca-file", "not the one that counts");
    data.put("requestheader-client-ca-file", authorities);
    data.put("requestheader-allowed-names", "[\"front-proxy-client\"]");
    data.put("requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]");
    data.put("requestheader-group-headers", "[\"X-Remote-Group\"]");
    data.put("requestheader-uid-headers", "[\"X-Remote-Uid\"]");
    data.put("requestheader-username-headers", "[\"X-Remote-User\"]");
    return data;
  }

  @Override
  public Map<String, String> authentication() throws IOException {
    if (broken) {
      throw new IOException("the cluster is away");
    }
    return data;
  }

  @Override
  public boolean allows(Access access) throws IOException {
    asked.add(access);
    if (broken) {
      throw new IOException("the cluster is away");
    }
    return allowed.contains(access.user());
  }
}
