/** Continuous batching: a pure scheduler, KV accounting and the single-writer engine loop. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the benchmarks are compiled later
module dev.outcrop.batching {
  requires static transitive org.jspecify;
  requires transitive dev.outcrop.models;

  exports dev.outcrop.batching;
  exports dev.outcrop.batching.encode;
  exports dev.outcrop.batching.loop;
  exports dev.outcrop.batching.kv to
      dev.outcrop.bench;
  exports dev.outcrop.batching.schedule to
      dev.outcrop.bench;
}
