package dev.outcrop.models.torch;

/**
 * The linear layers of a model that have one shape.
 *
 * @param rows output channels
 * @param columns input channels
 * @param weights how many there are
 */
record WeightShape(int rows, int columns, int weights) {
  long bytes(ElementType type) {
    return (long) rows * columns * weights * type.bytes();
  }

  WeightShape more() {
    return new WeightShape(rows, columns, weights + 1);
  }
}
