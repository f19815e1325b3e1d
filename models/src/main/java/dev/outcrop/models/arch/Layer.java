package dev.outcrop.models.arch;

import org.jspecify.annotations.Nullable;

/**
 * What one layer of a decoder may have for itself. Equal layers run the same program text.
 *
 * @param window how many tokens back a token sees, itself included; null for all of them
 * @param rope its rotary embeddings; null for none
 * @param mlp its feed-forward part
 */
public record Layer(@Nullable Integer window, @Nullable Rope rope, Mlp mlp) {}
