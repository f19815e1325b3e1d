package dev.outcrop.k8s.external;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.ModelLabel;
import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.testing.FakeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Values and labels as Kubernetes writes them. */
final class MetricTest {
  @ParameterizedTest
  @EnumSource
  void isInTheDocuments(Metric metric) throws IOException {
    assertThat(Files.readString(Path.of("AUTOSCALERS.md"))).contains("`" + metric.path + "`");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "2.0, 2",
    "0.5, 500m",
    "1.2345, 1235m",
    "0.0001, 1m",
    "10, 10",
    "100.1, 100100m",
    "0.9999, 1",
  })
  void writesQuantities(double kvUse, String quantity) {
    Scaling scaling =
        new Scaling("demo", FakeSource.AT, 1, true, new Scaling.Totals(1, 0, 0, 0, 0, 0, kvUse, 0));

    assertThat(Metric.KV_USE.quantity(scaling)).isEqualTo(quantity);
  }

  @ParameterizedTest
  @CsvSource({
    "9007199254740993",
    "9223372036854775807",
  })
  void writesManyTokensExactly(long tokens) {
    Scaling scaling =
        new Scaling(
            "demo", FakeSource.AT, 1, true, new Scaling.Totals(1, 0, 0, tokens, 0, 0, 0, 0));

    assertThat(Metric.WAITING_PROMPT_TOKENS.quantity(scaling)).isEqualTo(Long.toString(tokens));
  }

  @ParameterizedTest
  @CsvSource({
    "qwen3-8b, qwen3-8b",
    "meta.llama3-1-8b-instruct-v1:0, meta.llama3-1-8b-instruct-v1-0",
    "Qwen/Qwen3-8B, Qwen-Qwen3-8B",
    "/a:, a",
    "a234567890b234567890c234567890d234567890e234567890f23456789012:456,"
        + " a234567890b234567890c234567890d234567890e234567890f23456789012",
  })
  void writesModelsAsLabels(String model, String label) {
    assertThat(ModelLabel.of(model)).isEqualTo(label);
  }
}
