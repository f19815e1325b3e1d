package dev.outcrop.bench.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One page about results of any bench command, that needs nothing else: no script, no network. All
 * text is escaped.
 */
public final class HtmlReport {
  /** With more entries than these a table has a row for each, in place of a column. */
  private static final int MOST_COLUMNS = 12;

  private HtmlReport() {}

  /** The page. */
  public static String of(List<RunResult> results) {
    StringBuilder out = new StringBuilder();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<title>Outcrop bench</title>\n<style>\n").append(style()).append("</style>\n");
    out.append("</head>\n<body>\n<h1>Outcrop bench</h1>\n");
    List<LoadPlots.Named> named = named(results);
    List<Plot> plots = new LoadPlots(named).plots();
    if (!plots.isEmpty()) {
      out.append("<div class=\"plots\">\n");
      plots.forEach(plot -> out.append(plot.html()));
      out.append("</div>\n");
    }
    for (int i = 0; i < results.size(); i++) {
      section(named.get(i).name(), results.get(i), out);
    }
    return out.append("</body>\n</html>\n").toString();
  }

  private static List<LoadPlots.Named> named(List<RunResult> results) {
    List<LoadPlots.Named> named = new ArrayList<>();
    for (RunResult result : results) {
      String letter = Character.toString((char) ('A' + named.size() % 26));
      named.add(new LoadPlots.Named(results.size() == 1 ? "" : letter, result));
    }
    return named;
  }

  private static void section(String name, RunResult result, StringBuilder out) {
    Object scenario = result.shape().get("scenario");
    String title = result.benchmark() + (scenario == null ? "" : " " + scenario);
    out.append("<h2>")
        .append(Markup.escaped(name.isEmpty() ? title : name + ": " + title))
        .append("</h2>\n");
    warnings(result, out);
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("time", result.time());
    facts.put("commit", result.commit());
    Machine machine = result.machine();
    facts.put(
        "machine",
        "%s, %d cores, %s GB, %s %s, Java %s, load %s"
            .formatted(
                machine.cpu(),
                machine.cores(),
                ShortNumber.of(machine.memoryGigabytes()),
                machine.os(),
                machine.arch(),
                machine.java(),
                ShortNumber.of(machine.loadAverage())));
    facts.put("repeats", result.repeats());
    facts.putAll(result.shape());
    table("Run", facts, out);
    if (!result.headline().isEmpty()) {
      figures("Headline", List.of(new LinkedHashMap<>(result.headline())), result.units(), out);
    }
    if (result.results().size() > MOST_COLUMNS) {
      entries(result.results(), result.units(), out);
    } else if (!result.results().isEmpty()) {
      figures("Results", result.results(), result.units(), out);
    }
  }

  private static void warnings(RunResult result, StringBuilder out) {
    if (Boolean.FALSE.equals(result.shape().get("evidence"))) {
      out.append("<p class=\"warn\">This scenario is to see that all works. ")
          .append("Its figures are no evidence.</p>\n");
    }
    for (Map<String, ?> point : result.results()) {
      if (LoadPlots.isLoad(result)
          && point.get(LoadFigures.VALID) instanceof String valid
          && !valid.equals("yes")) {
        out.append("<p class=\"warn\">Not valid: ")
            .append(Markup.escaped(point.get(LoadFigures.POINT) + ", " + valid))
            .append("</p>\n");
      }
    }
  }

  private static void table(String title, Map<String, ?> facts, StringBuilder out) {
    out.append("<h3>").append(title).append("</h3>\n<div class=\"wide\"><table>\n");
    facts.forEach(
        (name, value) ->
            out.append("<tr><th>")
                .append(Markup.escaped(name))
                .append("</th><td>")
                .append(Markup.escaped(text(value)))
                .append("</td></tr>\n"));
    out.append("</table></div>\n");
  }

  /** A row for each figure, a column for each point; intervals stand beside their figures. */
  private static void figures(
      String title,
      List<? extends Map<String, ?>> points,
      Map<String, String> units,
      StringBuilder out) {
    Set<String> names = names(points);
    out.append("<h3>").append(title).append("</h3>\n<div class=\"wide\"><table>\n");
    for (String name : names) {
      out.append("<tr><th>").append(Markup.escaped(name)).append("</th>");
      points.forEach(point -> cell(point, name, out));
      out.append("<td class=\"unit\">")
          .append(Markup.escaped(units.getOrDefault(name, "")))
          .append("</td></tr>\n");
    }
    out.append("</table></div>\n");
  }

  private static Set<String> names(List<? extends Map<String, ?>> points) {
    Set<String> names = new LinkedHashSet<>();
    points.forEach(point -> names.addAll(point.keySet()));
    names.removeIf(name -> name.startsWith(LoadFigures.CI));
    return names;
  }

  private static void cell(Map<String, ?> point, String name, StringBuilder out) {
    Object value = point.get(name);
    out.append(value instanceof String ? "<td>" : "<td class=\"n\">")
        .append(Markup.escaped(text(value)));
    if (point.get(LoadFigures.CI + name) instanceof Number width) {
      out.append(" <small>&#177; ")
          .append(Markup.escaped(ShortNumber.of(width.doubleValue())))
          .append("</small>");
    }
    out.append("</td>");
  }

  /** A row for each entry, a column for each figure; what figures are stands below. */
  private static void entries(
      List<? extends Map<String, ?>> points, Map<String, String> units, StringBuilder out) {
    Set<String> names = names(points);
    out.append("<h3>Results</h3>\n<div class=\"wide\"><table class=\"rows\">\n<tr>");
    names.forEach(name -> out.append("<th>").append(Markup.escaped(name)).append("</th>"));
    out.append("</tr>\n");
    for (Map<String, ?> point : points) {
      out.append("<tr>");
      names.forEach(name -> cell(point, name, out));
      out.append("</tr>\n");
    }
    out.append("</table></div>\n<dl>\n");
    for (String name : names) {
      out.append("<dt>")
          .append(Markup.escaped(name))
          .append("</dt><dd class=\"unit\">")
          .append(Markup.escaped(units.getOrDefault(name, "")))
          .append("</dd>\n");
    }
    out.append("</dl>\n");
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case List<?> several ->
          several.stream().map(HtmlReport::text).collect(Collectors.joining("\n"));
      case Double number -> ShortNumber.of(number);
      case Number number -> number.toString();
      default -> value.toString();
    };
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      if (in == null) {
        throw new IllegalStateException("the resource report.css is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
