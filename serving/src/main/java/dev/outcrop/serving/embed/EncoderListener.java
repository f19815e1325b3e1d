package dev.outcrop.serving.embed;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;

/** Told about encoders' work, on its request threads. Must be quick and must not throw. */
public interface EncoderListener {
  /** The texts of a request have their vectors. */
  void encoded(ServedEncoder model, Caller caller, Purpose purpose, int tokens);
}
