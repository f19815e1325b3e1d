package dev.outcrop.k8s.external;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What an aggregated API server leaves to kube-apiserver: who may call, and who may read. Called
 * from many threads; may block.
 */
public interface DelegatedAuth {
  /**
   * The data of ConfigMap {@code extension-apiserver-authentication} in {@code kube-system}; needs
   * Role {@code extension-apiserver-authentication-reader} there.
   */
  Map<String, String> authentication() throws IOException;

  /**
   * Asks by a {@code SubjectAccessReview}; needs ClusterRole {@code system:auth-delegator}.
   *
   * @return whether {@code status.allowed} is true
   */
  boolean allows(Access access) throws IOException;

  /**
   * Somebody wants to do something: {@code spec} of a SubjectAccessReview, with {@code
   * resourceAttributes}.
   *
   * @param extra what an authenticator added, by key
   * @param resource the metric's name
   */
  record Access(
      String user,
      List<String> groups,
      Map<String, List<String>> extra,
      String verb,
      String group,
      String version,
      String resource,
      String namespace) {}
}
