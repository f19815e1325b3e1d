package dev.outcrop.models.weights;

import org.jspecify.annotations.Nullable;

/** Element types that the safetensors format knows. The engine reads three of them. */
public enum DType {
  /** IEEE 754 single precision. */
  F32(32, true),
  /** IEEE 754 half precision. */
  F16(16, true),
  /** The upper half of a single. */
  BF16(16, true),
  /** Recognised, not supported. */
  F64(64, false),
  /** Recognised, not supported. */
  F8_E5M2(8, false),
  /** Recognised, not supported. */
  F8_E4M3(8, false),
  /** Recognised, not supported. */
  F8_E8M0(8, false),
  /** Recognised, not supported. */
  F8_E5M2FNUZ(8, false),
  /** Recognised, not supported. */
  F8_E4M3FNUZ(8, false),
  /** Recognised, not supported. */
  F6_E2M3(6, false),
  /** Recognised, not supported. */
  F6_E3M2(6, false),
  /** Recognised, not supported. */
  F4(4, false),
  /** Recognised, not supported. */
  C64(64, false),
  /** Recognised, not supported. */
  I64(64, false),
  /** Recognised, not supported. */
  U64(64, false),
  /** Recognised, not supported. */
  I32(32, false),
  /** Recognised, not supported. */
  U32(32, false),
  /** Recognised, not supported. */
  I16(16, false),
  /** Recognised, not supported. */
  U16(16, false),
  /** Recognised, not supported. */
  I8(8, false),
  /** Recognised, not supported. */
  U8(8, false),
  /** Recognised, not supported. */
  BOOL(8, false);

  private final int bits;
  private final boolean supported;

  DType(int bits, boolean supported) {
    this.bits = bits;
    this.supported = supported;
  }

  /** Bits of one element; less than a byte for packed types. */
  public int bits() {
    return bits;
  }

  /** Bytes of one element, rounded up. */
  public int bytes() {
    return Math.ceilDiv(bits, Byte.SIZE);
  }

  /** Whether the engine can use tensors of this type. */
  public boolean supported() {
    return supported;
  }

  static @Nullable DType named(String name) {
    for (DType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }
}
