/** Autoscaling signals for Kubernetes, read from the serving pods. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.k8s {
  requires static transitive org.jspecify;
  requires java.net.http;

  exports dev.outcrop.k8s;
}
