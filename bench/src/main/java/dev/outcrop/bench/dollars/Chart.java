package dev.outcrop.bench.dollars;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/** Plots as inline SVG, in the colours of the page. */
final class Chart {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 360;
  private static final int LEFT = 70;
  private static final int RIGHT = 180;
  private static final int TOP = 14;
  private static final int BOTTOM = 44;
  private static final int BAR = 22;
  private static final int NAMES = 130;

  private Chart() {}

  /**
   * A bar.
   *
   * @param name in front of it
   * @param value how long it is, above 0
   * @param colour a CSS variable
   * @param note behind it
   */
  record Bar(String name, double value, String colour, String note) {}

  /**
   * A line.
   *
   * @param name at its end
   * @param colour a CSS variable
   * @param points x and y, both above 0
   * @param dotted whether it is a mark and not a figure
   */
  record Line(String name, String colour, List<double[]> points, boolean dotted) {
    /** Copies the list. */
    Line {
      points = List.copyOf(points);
    }
  }

  /** Bars on a logarithmic scale, with a mark across all of them where it is above 0. */
  static String bars(List<Bar> bars, double mark, String markName) {
    double least = mark > 0 ? mark : Double.MAX_VALUE;
    double most = mark;
    for (Bar bar : bars) {
      least = Math.min(least, bar.value);
      most = Math.max(most, bar.value);
    }
    Scale scale = Scale.logarithmic(least / 2, most * 1.5, NAMES, WIDTH - RIGHT);
    int height = TOP + BAR * bars.size() + 30;
    StringBuilder svg = open(height);
    int y = TOP;
    for (Bar bar : bars) {
      text(svg, NAMES - 6, y + 14, "end", bar.name);
      double end = scale.at(bar.value);
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" style=\"fill:var(--%s)\"/>",
              NAMES,
              y + 2,
              Math.max(1, end - NAMES),
              BAR - 6,
              bar.colour));
      text(svg, end + 5, y + 14, "start", bar.note);
      y += BAR;
    }
    if (mark > 0) {
      double x = scale.at(mark);
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%.1f %dV%d\" style=\"stroke:var(--bedrock);stroke-width:2\"/>",
              x,
              TOP,
              y));
      text(svg, x, y + 14, "middle", markName);
    }
    return svg.append("</svg>").toString();
  }

  /** Lines; the x axis is logarithmic or from 0 to 1, the y axis logarithmic. */
  static String lines(
      List<Line> lines, boolean shares, String xTitle, DoubleFunction<String> xTick) {
    double left = Double.MAX_VALUE;
    double right = 0;
    double low = Double.MAX_VALUE;
    double high = 0;
    for (Line line : lines) {
      for (double[] point : line.points) {
        left = Math.min(left, point[0]);
        right = Math.max(right, point[0]);
        low = Math.min(low, point[1]);
        high = Math.max(high, point[1]);
      }
    }
    if (right == 0 || high == 0) {
      return "<p class=\"about\">There is nothing to compare.</p>";
    }
    Scale x =
        shares
            ? new Scale(0, 1, LEFT, WIDTH - RIGHT, false)
            : Scale.logarithmic(left, right, LEFT, WIDTH - RIGHT);
    Scale y = Scale.logarithmic(low / 1.3, high * 1.3, HEIGHT - BOTTOM, TOP);
    StringBuilder svg = open(HEIGHT);
    for (double tick : y.ticks()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %.1fH%d\" style=\"stroke:var(--line)\"/>",
              LEFT,
              y.at(tick),
              WIDTH - RIGHT));
      text(svg, LEFT - 6, y.at(tick) + 4, "end", "$" + number(tick));
    }
    for (double tick : x.ticks()) {
      text(svg, x.at(tick), HEIGHT - BOTTOM + 18, "middle", xTick.apply(tick));
    }
    text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6, "middle", xTitle);
    for (Line line : lines) {
      StringBuilder path = new StringBuilder();
      for (double[] point : line.points) {
        path.append(path.isEmpty() ? 'M' : 'L')
            .append(String.format(Locale.ROOT, "%.1f %.1f", x.at(point[0]), y.at(point[1])));
      }
      svg.append(
          String.format(
              Locale.ROOT,
              "<path class=\"data\" d=\"%s\" style=\"fill:none;stroke:var(--%s);stroke-width:2%s\"/>",
              path,
              line.colour,
              line.dotted ? ";stroke-dasharray:3 4" : ""));
      double[] last = line.points.getLast();
      text(svg, x.at(last[0]) + 6, y.at(last[1]) + 4, "start", line.name);
    }
    return svg.append("</svg>").toString();
  }

  private static StringBuilder open(int height) {
    return new StringBuilder(
        String.format(
            Locale.ROOT,
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" width=\"%d\">",
            WIDTH,
            height,
            WIDTH));
  }

  private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
            x,
            y,
            anchor,
            escaped(text)));
  }

  /** A number in few digits. */
  static String number(double value) {
    if (value >= 1e9) {
      return String.format(Locale.ROOT, "%.3gB", value / 1e9).replace("e+00", "");
    }
    if (value >= 1e6) {
      return String.format(Locale.ROOT, "%.0fM", value / 1e6);
    }
    if (value >= 1e3) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return value >= 1
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.3f", value);
  }

  /** Text that is no markup. */
  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** From values to places. */
  private record Scale(double low, double high, double from, double to, boolean logarithm) {
    static Scale logarithmic(double low, double high, double from, double to) {
      return new Scale(low, Math.max(high, low * 1.01), from, to, true);
    }

    double at(double value) {
      double part =
          logarithm ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      return from + part * (to - from);
    }

    List<Double> ticks() {
      List<Double> ticks = new ArrayList<>();
      if (!logarithm) {
        for (int i = 0; i <= 10; i += 2) {
          ticks.add(i / 10.0);
        }
        return ticks;
      }
      boolean few = Math.log10(high / low) < 2;
      double step = Math.pow(10, Math.floor(Math.log10(low)));
      for (double power = step; power <= high; power *= 10) {
        for (double times : few ? new double[] {1, 2, 5} : new double[] {1}) {
          if (power * times >= low && power * times <= high) {
            ticks.add(power * times);
          }
        }
      }
      return ticks;
    }
  }
}
