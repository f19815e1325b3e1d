package dev.outcrop.models.torch;

/** The types a model can be computed in on a CPU. */
public enum ElementType {
  /** Single precision; what correctness is proved in. */
  FLOAT32(6, 4),
  /** Half the bytes, and the native type of most checkpoints. */
  BFLOAT16(15, 2);

  private final int scalarType;
  private final int bytes;

  ElementType(int scalarType, int bytes) {
    this.scalarType = scalarType;
    this.bytes = bytes;
  }

  /** PyTorch's number for the type, as TorchScript text spells it. */
  int scalarType() {
    return scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The nearest number that the type has, ties to even. */
  double rounded(double value) {
    float single = (float) value;
    if (this == FLOAT32) {
      return single;
    }
    int bits = Float.floatToRawIntBits(single);
    int rounded = bits + 0x7fff + (bits >>> 16 & 1);
    return Float.intBitsToFloat(rounded & 0xffff0000);
  }
}
