package dev.outcrop.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A plot as SVG that stands by itself: colours come from classes of the page, so that it follows
 * its light and dark mode.
 *
 * @param title its heading
 * @param x what the x axis shows
 * @param y what the y axis shows
 * @param logX whether the x axis is logarithmic
 * @param logY whether the y axis is logarithmic
 * @param lines what is drawn
 */
record Plot(String title, String x, String y, boolean logX, boolean logY, List<Line> lines) {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 300;
  private static final int LEFT = 62;
  private static final int RIGHT = 14;
  private static final int TOP = 12;
  private static final int BOTTOM = 44;
  private static final int COLOURS = 8;
  private static final int MOST_MARKS = 60;

  /**
   * Values that belong together.
   *
   * @param dashed whether it is the lesser of two lines of a kind
   */
  record Line(String name, List<Dot> dots, boolean dashed, int colour) {
    /** Copies the dots. */
    Line {
      dots = List.copyOf(dots);
    }
  }

  /**
   * A value.
   *
   * @param error half of what it may be off by, 0 where nobody knows
   * @param label what it is, for who points at it
   * @param valid whether it is to be believed; if not it is drawn hollow
   */
  record Dot(double x, double y, double error, String label, boolean valid) {
    Dot(double x, double y, double error, String label) {
      this(x, y, error, label, true);
    }
  }

  /** The lines without values that the axes cannot show, and without empty ones. */
  Plot {
    List<Line> shown = new ArrayList<>();
    for (Line line : lines) {
      List<Dot> dots =
          line.dots().stream()
              .filter(dot -> Double.isFinite(dot.x()) && Double.isFinite(dot.y()))
              .filter(dot -> !logX || dot.x() > 0)
              .filter(dot -> !logY || dot.y() > 0)
              .toList();
      if (!dots.isEmpty()) {
        shown.add(new Line(line.name(), dots, line.dashed(), line.colour()));
      }
    }
    lines = List.copyOf(shown);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  /** The figure with its heading and legend. */
  String html() {
    StringBuilder out = new StringBuilder();
    out.append("<figure><figcaption>").append(Markup.escaped(title)).append("</figcaption>\n");
    svg(out);
    out.append("<p class=\"legend\">");
    for (Line line : lines) {
      out.append("<span class=\"c%d\">".formatted(line.colour() % COLOURS))
          .append(line.dashed() ? "&#9476; " : "&#9472; ")
          .append(Markup.escaped(line.name()))
          .append("</span> ");
    }
    return out.append("</p></figure>\n").toString();
  }

  private void svg(StringBuilder out) {
    Axis across = axis(logX, lines.stream().flatMap(l -> l.dots().stream()).map(Dot::x).toList());
    Axis up = axis(logY, lines.stream().flatMap(l -> l.dots().stream()).map(Dot::y).toList());
    out.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
            .formatted(WIDTH, HEIGHT, Markup.escaped(title)));
    for (double tick : across.ticks()) {
      double at = px(across, tick);
      out.append(line("grid", at, TOP, at, (double) HEIGHT - BOTTOM));
      out.append(text(at, HEIGHT - BOTTOM + 16.0, "middle", ShortNumber.of(tick)));
    }
    for (double tick : up.ticks()) {
      double at = py(up, tick);
      out.append(line("grid", LEFT, at, (double) WIDTH - RIGHT, at));
      out.append(text(LEFT - 6.0, at + 4, "end", ShortNumber.of(tick)));
    }
    out.append(text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8.0, "middle", x));
    out.append(
        "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(14 %d) rotate(-90)\">%s</text>\n"
            .formatted((TOP + HEIGHT - BOTTOM) / 2, Markup.escaped(y)));
    for (Line line : lines) {
      draw(line, across, up, out);
    }
    out.append("</svg>\n");
  }

  private static void draw(Line line, Axis across, Axis up, StringBuilder out) {
    String colour = "c" + line.colour() % COLOURS;
    StringBuilder path = new StringBuilder();
    for (Dot dot : line.dots()) {
      path.append(path.isEmpty() ? "M" : "L")
          .append(number(px(across, dot.x())))
          .append(' ')
          .append(number(py(up, dot.y())));
    }
    out.append(
        "<path class=\"%s%s\" d=\"%s\"/>\n"
            .formatted(colour, line.dashed() ? " dashed" : "", path));
    if (line.dots().size() > MOST_MARKS) {
      return;
    }
    for (Dot dot : line.dots()) {
      double atX = px(across, dot.x());
      if (dot.error() > 0) {
        double low = Math.max(dot.y() - dot.error(), up.low());
        double high = Math.min(dot.y() + dot.error(), up.high());
        out.append(line("error " + colour, atX, py(up, low), atX, py(up, high)));
      }
      out.append(
          "<circle class=\"%s%s\" cx=\"%s\" cy=\"%s\" r=\"3\"><title>%s</title></circle>\n"
              .formatted(
                  colour,
                  dot.valid() ? "" : " hollow",
                  number(atX),
                  number(py(up, dot.y())),
                  Markup.escaped(dot.label())));
    }
  }

  private static Axis axis(boolean log, List<Double> values) {
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    return log ? Axis.logarithmic(least, most) : Axis.linear(least, most);
  }

  private static double px(Axis axis, double value) {
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT);
  }

  private static double py(Axis axis, double value) {
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM);
  }

  private static String line(String type, double x1, double y1, double x2, double y2) {
    return "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
        .formatted(type, number(x1), number(y1), number(x2), number(y2));
  }

  private static String text(double x, double y, String anchor, String text) {
    return "<text class=\"axis\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>\n"
        .formatted(number(x), number(y), anchor, Markup.escaped(text));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
