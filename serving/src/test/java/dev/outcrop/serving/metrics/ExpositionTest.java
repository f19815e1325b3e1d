package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.http.MetricsPage;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The page, beside the one that the library writes. */
final class ExpositionTest {
  private static final Pattern CREATED = Pattern.compile(".*[a-z]_created[ {].*");
  private static final String OPEN = "application/openmetrics-text; version=1.0.0";

  private final CollectorRegistry registry = registry();

  @Test
  void isWhatTheLibraryWritesButForTheTimesOfCreation() throws IOException {
    assertThat(page(null).contentType()).isEqualTo(TextFormat.CONTENT_TYPE_004);
    assertThat(page(null).text()).isEqualTo(without(CREATED, byTheLibrary(null)));
  }

  @Test
  void isWhatTheLibraryWritesInOpenMetricsButForTheCreationOfCounters() throws IOException {
    assertThat(page(OPEN).contentType()).isEqualTo(TextFormat.CONTENT_TYPE_OPENMETRICS_100);
    assertThat(page(OPEN).text())
        .isEqualTo(without(Pattern.compile("counts_created.*"), byTheLibrary(OPEN)))
        .contains("times_seconds_created{a=\"x\"} ");
  }

  private MetricsPage page(String accept) {
    return Exposition.page(accept, registry.metricFamilySamples());
  }

  private String byTheLibrary(String accept) throws IOException {
    StringWriter text = new StringWriter();
    TextFormat.writeFormat(
        TextFormat.chooseContentType(accept), text, registry.metricFamilySamples());
    return text.toString();
  }

  private static String without(Pattern lines, String page) {
    return page.lines()
        .filter(line -> !lines.matcher(line).matches())
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  private static CollectorRegistry registry() {
    CollectorRegistry registry = new CollectorRegistry();
    Counter counter =
        Counter.build().name("counts_total").help("a \"b\" \\ \n c").labelNames("a", "b").create();
    counter.register(registry);
    counter.labels("x\"y\\z\nw", "").inc(3);
    counter.labels("plain", "ä").inc(1e9);
    Gauge gauge = Gauge.build().name("gauge").help("g").register(registry);
    Histogram times =
        Histogram.build()
            .name("times_seconds")
            .help("t")
            .labelNames("a")
            .buckets(0.001, 0.5, 1, 2_560)
            .register(registry);
    List.of(0.0001, 0.25, 1.0, 1e4).forEach(times.labels("x")::observe);
    Gauge values = Gauge.build().name("values").help("v").labelNames("v").register(registry);
    for (double value :
        new double[] {
          0,
          -1,
          0.1,
          9_999_999,
          10_000_000,
          1e-9,
          1L << 53,
          Double.NaN,
          Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY
        }) {
      values.labels(String.valueOf(value)).set(value);
    }
    gauge.set(2.5);
    return registry;
  }
}
