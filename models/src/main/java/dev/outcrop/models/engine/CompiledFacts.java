package dev.outcrop.models.engine;

/**
 * What is known of an engine that was compiled ahead of time; constant.
 *
 * @param compileSeconds how long compiling took, when and wherever that was
 * @param loadSeconds how long it took to bring programs and weights to the device
 * @param deviceBytes memory that weights and KV take there, counted from their sizes and not
 *     measured
 */
public record CompiledFacts(double compileSeconds, double loadSeconds, long deviceBytes) {}
