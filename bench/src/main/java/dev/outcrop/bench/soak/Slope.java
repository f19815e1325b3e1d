package dev.outcrop.bench.soak;

import java.util.ArrayList;
import java.util.List;

/** A straight line through points, by least squares. Used by one thread. */
final class Slope {
  private final List<double[]> points = new ArrayList<>();

  void add(double x, double y) {
    points.add(new double[] {x, y});
  }

  int size() {
    return points.size();
  }

  /** How much y grows with x; 0 where fewer than two points tell. */
  double value() {
    double x = points.stream().mapToDouble(point -> point[0]).average().orElse(0);
    double y = points.stream().mapToDouble(point -> point[1]).average().orElse(0);
    double products = 0;
    double squares = 0;
    for (double[] point : points) {
      products += (point[0] - x) * (point[1] - y);
      squares += (point[0] - x) * (point[0] - x);
    }
    return squares == 0 ? 0 : products / squares;
  }
}
