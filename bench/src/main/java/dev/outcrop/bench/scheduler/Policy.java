package dev.outcrop.bench.scheduler;

/** Whose sequence starts next. */
public enum Policy {
  /** The tenant with the least service, as the server does it. */
  FAIR,
  /** Whoever came first: all tenants stand in one queue. */
  FCFS
}
