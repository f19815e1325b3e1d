package dev.outcrop.batching;

/**
 * What autoscaling, metrics and probes want to know about one batcher, read without locks.
 *
 * @param waiting requests queued
 * @param running requests with KV
 * @param waitingPromptTokens prompt tokens not yet run, queued and running requests together
 * @param kvUnitsReferenced KV units that running requests hold
 * @param kvUnitsCached KV units kept for reuse only
 * @param kvUnits KV units in all
 * @param steps steps run since start
 * @param promptTokens prompt tokens run since start
 * @param completionTokens tokens generated since start
 * @param lastProgressNanos {@link System#nanoTime} when the last step ended or the batcher last had
 *     no work
 */
public record Signals(
    int waiting,
    int running,
    long waitingPromptTokens,
    int kvUnitsReferenced,
    int kvUnitsCached,
    int kvUnits,
    long steps,
    long promptTokens,
    long completionTokens,
    long lastProgressNanos) {}
