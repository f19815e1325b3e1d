package dev.outcrop.batching;

/**
 * When what became of a request, on the batcher's monotonic clock: differences mean something, the
 * numbers do not.
 *
 * @param queuedNanos when it was submitted
 * @param scheduledNanos when the step began that first ran a part of it; what a preemption makes it
 *     run again changes nothing
 * @param lastTokenNanos when its last token so far came, a stop token included; before the first
 *     token it says nothing
 */
public record StreamTimes(long queuedNanos, long scheduledNanos, long lastTokenNanos) {}
