package dev.outcrop.serving.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What OpenMetrics 1.0 asks of a page of counters, gauges and histograms: a strict reader, which
 * stops at the first line that it may not contain. {@code promtool check metrics} reads the older
 * text format only.
 */
final class OpenMetricsPage {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final String LABEL = "[a-zA-Z_][a-zA-Z0-9_]*";
  private static final String ESCAPED = "(?:[^\"\\\\\n]|\\\\[\\\\n\"])*";
  private static final String NUMBER =
      "[+-]?(?:[0-9]+\\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\\.[0-9]+(?:[eE][+-]?[0-9]+)?|Inf)|NaN";
  private static final Pattern TYPE =
      Pattern.compile("# TYPE (" + NAME + ") (counter|gauge|histogram)");
  private static final Pattern HELP = Pattern.compile("# HELP (" + NAME + ") (" + ESCAPED + ")");
  private static final Pattern PAIR = Pattern.compile("(" + LABEL + ")=\"(" + ESCAPED + ")\"(,|$)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "(" + NAME + ")(?:\\{((?:" + LABEL + "=\"" + ESCAPED + "\",?)*)})? (" + NUMBER + ")");
  private static final Map<String, List<String>> SUFFIXES =
      Map.of(
          "counter", List.of("_total", "_created"),
          "gauge", List.of(""),
          "histogram", List.of("_bucket", "_count", "_sum", "_created"));
  private static final String END = "# EOF";

  private final Map<String, String> types = new LinkedHashMap<>();
  private final Set<String> helped = new HashSet<>();
  private final Set<String> series = new HashSet<>();
  private final Set<List<String>> closed = new HashSet<>();
  private final Map<List<String>, Buckets> histograms = new LinkedHashMap<>();
  private String family = "";
  private List<String> metric = List.of();

  /** The parts of one histogram that have to agree. */
  private static final class Buckets {
    private final TreeMap<Double, Double> counts = new TreeMap<>();
    private Double count;
    private Double sum;
  }

  private OpenMetricsPage() {}

  /**
   * Reads a page.
   *
   * @return the type of each family
   * @throws IllegalArgumentException names the line that offends
   */
  static Map<String, String> read(String page) {
    that(page.endsWith("\n" + END + "\n"), "the page does not end with " + END, "");
    OpenMetricsPage reading = new OpenMetricsPage();
    page.lines().limit(page.lines().count() - 1).forEach(reading::line);
    reading.histograms.forEach(OpenMetricsPage::agree);
    return reading.types;
  }

  private void line(String line) {
    Matcher type = TYPE.matcher(line);
    Matcher help = HELP.matcher(line);
    Matcher sample = SAMPLE.matcher(line);
    if (type.matches()) {
      family = type.group(1);
      metric = List.of();
      that(types.put(family, type.group(2)) == null, "a family begins twice", line);
      that(!family.endsWith("_total"), "a family bears the suffix of a sample", line);
    } else if (help.matches()) {
      that(help.group(1).equals(family), "help of another family", line);
      that(helped.add(family), "help comes twice", line);
    } else {
      that(sample.matches(), "no line of OpenMetrics", line);
      String labels = sample.group(2) == null ? "" : sample.group(2);
      sample(line, sample.group(1), labels(line, labels), number(sample.group(3)));
    }
  }

  private void sample(String line, String name, Map<String, String> labels, double value) {
    that(!family.isEmpty() && name.startsWith(family), "a sample of another family", line);
    String kind = types.get(family);
    String suffix = name.substring(family.length());
    that(SUFFIXES.get(kind).contains(suffix), "no sample of a " + kind, line);
    String bound = suffix.equals("_bucket") ? labels.remove("le") : null;
    that(bound != null || !suffix.equals("_bucket"), "a bucket without le", line);
    that(!kind.equals("histogram") || !labels.containsKey("le"), "le of no bucket", line);
    that(series.add(name + labels + bound), "a series comes twice", line);
    List<String> key = List.of(family, labels.toString());
    if (!key.equals(metric)) {
      that(closed.add(key), "samples of one metric are apart", line);
      metric = key;
    }
    if (!kind.equals("gauge") && !suffix.equals("_created")) {
      that(value >= 0, "counts a number below zero, or none", line);
    }
    if (kind.equals("histogram")) {
      Buckets buckets = histograms.computeIfAbsent(key, _ -> new Buckets());
      switch (suffix) {
        case "_bucket" -> {
          double le = number(bound);
          that(
              buckets.counts.isEmpty() || buckets.counts.lastKey() < le,
              "bounds do not ascend",
              line);
          buckets.counts.put(le, value);
        }
        case "_count" -> buckets.count = value;
        case "_sum" -> buckets.sum = value;
        default -> {
          // when it began
        }
      }
    }
  }

  private static void agree(List<String> key, Buckets buckets) {
    String name = String.join("", key);
    that(buckets.counts.containsKey(Double.POSITIVE_INFINITY), "there is no bucket +Inf", name);
    List<Double> counts = new ArrayList<>(buckets.counts.values());
    that(counts.stream().sorted().toList().equals(counts), "buckets do not add up", name);
    that(counts.getLast().equals(buckets.count), "the count is not that of +Inf", name);
    that(buckets.sum != null, "there is no sum", name);
  }

  private static Map<String, String> labels(String line, String text) {
    Map<String, String> labels = new TreeMap<>();
    Matcher pair = PAIR.matcher(text);
    int at = 0;
    while (at < text.length()) {
      that(pair.find(at) && pair.start() == at, "labels are not set apart by commas", line);
      that(labels.put(pair.group(1), pair.group(2)) == null, "a label comes twice", line);
      that(pair.end() < text.length() || pair.group(3).isEmpty(), "a comma too many", line);
      at = pair.end();
    }
    return labels;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf", "Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private static void that(boolean holds, String complaint, String line) {
    if (!holds) {
      throw new IllegalArgumentException(complaint + ": " + line);
    }
  }
}
