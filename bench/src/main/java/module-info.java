/** Placeholder. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.bench {
  requires static transitive org.jspecify;
}
