package dev.outcrop.batching.encode;

/**
 * What metrics want to know about one encoder, read without locks.
 *
 * @param waiting texts queued
 * @param waitingTokens their tokens
 * @param batches batches run since the start
 * @param rows texts in them
 * @param tokens tokens of these
 * @param paddedTokens the same with padding
 */
public record EncodeSignals(
    int waiting, long waitingTokens, long batches, long rows, long tokens, long paddedTokens) {}
