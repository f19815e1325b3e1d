package dev.outcrop.models.torch;

import java.util.List;

/**
 * The kernels of an engine's linear layers, as they were chosen while it loaded. Immutable.
 *
 * @param tables by shape; empty where there is no choice
 * @param nanos that measuring took, 0 where nothing was measured
 */
public record TunedKernels(List<KernelTable> tables, long nanos) {}
