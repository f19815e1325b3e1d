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
 * @param tokensPerSecond tokens that a second of batches runs, learned from those behind which
 *     others waited: a text that runs alone, because nothing else is there, is no measure of what
 *     can be run; 0 where not known yet
 */
public record EncodeSignals(
    int waiting,
    long waitingTokens,
    long batches,
    long rows,
    long tokens,
    long paddedTokens,
    double tokensPerSecond) {}
