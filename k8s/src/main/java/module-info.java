/** Placeholder. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.k8s {
  requires static transitive org.jspecify;
}
