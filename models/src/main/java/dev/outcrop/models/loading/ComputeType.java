package dev.outcrop.models.loading;

/** The types a model can be computed in on a CPU, whatever type its checkpoint is stored in. */
public enum ComputeType {
  /** Single precision; what correctness is proved in. */
  FLOAT32,
  /** Half the bytes, and the native type of most checkpoints. */
  BFLOAT16
}
