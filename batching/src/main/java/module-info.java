/** Continuous batching: a pure scheduler, KV accounting and the single-writer engine loop. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.batching {
  requires static transitive org.jspecify;
  requires transitive dev.outcrop.models;

  exports dev.outcrop.batching;
  exports dev.outcrop.batching.loop;
}
