package dev.outcrop.k8s.external;

import java.util.List;
import java.util.Map;

/** Who asks, as far as it is known. */
sealed interface Caller {
  /**
   * Somebody whom kube-apiserver knows and speaks for.
   *
   * @param extra what an authenticator added, by key
   */
  record Known(String user, List<String> groups, Map<String, List<String>> extra)
      implements Caller {}

  /** Somebody who is not kube-apiserver, or whom it does not name. */
  record Unknown(String why) implements Caller {}
}
