package dev.outcrop.k8s.watch;

/** What came of a write that the leader wanted to do. */
enum WriteOutcome {
  /** It was done. */
  DONE,
  /** Another wrote the object meanwhile, or it is gone; the next poll looks again. */
  CONFLICT,
  /** The process has no right to it. */
  FORBIDDEN,
  /** Another writes there; it is left alone. */
  FOREIGN,
  /** It failed otherwise. */
  FAILED
}
