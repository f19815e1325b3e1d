/** Placeholder. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.serving {
  requires static transitive org.jspecify;
}
