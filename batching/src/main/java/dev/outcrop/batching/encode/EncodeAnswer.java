package dev.outcrop.batching.encode;

import dev.outcrop.models.OutcropException;

/** What came of a text. */
public sealed interface EncodeAnswer {
  /** Its vector. */
  record Vector(float[] values) implements EncodeAnswer {}

  /** No vector. */
  record Failed(OutcropException error) implements EncodeAnswer {}

  /** Its ticket was closed before it ran. */
  record Cancelled() implements EncodeAnswer {}
}
