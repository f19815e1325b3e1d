package dev.outcrop.k8s;

import dev.outcrop.k8s.external.DelegatedAuth;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.Map;

/** Asks the cluster who may call the external metrics API. */
final class ClusterAuth implements DelegatedAuth {
  private final KubernetesClient client;

  ClusterAuth(KubernetesClient client) {
    this.client = client;
  }

  @Override
  public Map<String, String> authentication() throws IOException {
    try {
      ConfigMap found =
          client
              .configMaps()
              .inNamespace("kube-system")
              .withName("extension-apiserver-authentication")
              .get();
      if (found == null || found.getData() == null) {
        throw new IOException(
            "there is no config map extension-apiserver-authentication in kube-system");
      }
      return found.getData();
    } catch (KubernetesClientException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public boolean allows(Access access) throws IOException {
    SubjectAccessReview asked =
        new SubjectAccessReviewBuilder()
            .withNewSpec()
            .withUser(access.user())
            .withGroups(access.groups())
            .withExtra(access.extra())
            .withNewResourceAttributes()
            .withVerb(access.verb())
            .withGroup(access.group())
            .withVersion(access.version())
            .withResource(access.resource())
            .withNamespace(access.namespace())
            .endResourceAttributes()
            .endSpec()
            .build();
    try {
      SubjectAccessReview answer = client.authorization().v1().subjectAccessReview().create(asked);
      return answer.getStatus() != null && Boolean.TRUE.equals(answer.getStatus().getAllowed());
    } catch (KubernetesClientException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
