package dev.outcrop.serving.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** The tables of models/neuron/README.md: computed, not measured, and by what `plan` computes. */
final class NeuronTableTest {
  private static final Path README = Path.of("..", "models", "neuron", "README.md");
  private static final Prices PRICES = Prices.builtIn();
  private static final Share ALL = new Share(1, 1);
  private static final int[] CONTEXTS = {1_024, 4_096};

  private static final ModelWork LLAMA =
      ModelWork.of(Presets.config("meta.llama3-1-8b-instruct"), Quantization.NONE);

  private static String row(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  @Test
  void readmeSaysWhatIsComputed() throws IOException {
    List<String> rows = new ArrayList<>();
    Roof roof = Roof.of(PRICES.instance("inf2.xlarge").orElseThrow().device(), ALL);
    assertThat(Roof.of(PRICES.instance("trn1.2xlarge").orElseThrow().device(), ALL))
        .as("both have a device of the same figures")
        .isEqualTo(roof);
    for (int tokens : new int[] {128, 512, 2_048}) {
      double seconds = roof.promptSeconds(LLAMA, tokens);
      rows.add(
          row(
              "| a chunk of %,d | %.1f GB | %.1f ms | %.0f ms | %,.0f |",
              tokens,
              LLAMA.bytesRead(tokens) / 1e9,
              seconds * 1e3,
              seconds / 0.4 * 1e3,
              tokens / seconds * 0.4));
    }
    for (int sequences : new int[] {1, 4, 8, 16}) {
      for (int context : CONTEXTS) {
        double seconds = roof.decodeSeconds(LLAMA, sequences, context);
        double bytes = LLAMA.bytesRead(sequences) + sequences * LLAMA.kvBytesRead(context);
        rows.add(
            row(
                "| %d decodes, context %,d | %.1f GB | %.1f ms | %.0f ms | %,.0f |",
                sequences,
                context,
                bytes / 1e9,
                seconds * 1e3,
                seconds / 0.4 * 1e3,
                sequences / seconds * 0.4));
      }
    }
    for (String type : List.of("inf2.xlarge", "trn1.2xlarge")) {
      Instance instance = PRICES.instance(type).orElseThrow();
      for (Purchase purchase : List.of(Purchase.ON_DEMAND, Purchase.RESERVED)) {
        double usd = instance.price(purchase).orElseThrow().usd();
        double decodes = 16 / roof.decodeSeconds(LLAMA, 16, 1_024) * 0.4;
        Estimate mixed =
            Estimate.of(LLAMA, instance, Share.DEFAULT, new Traffic(1_000, 200, 0), new Slo(2, 0.1))
                .orElseThrow();
        double blended = mixed.requestsPerSecond() * 1_200;
        rows.add(
            row(
                "| %s | %s | $%.3f | $%.2f | %,.0f | $%.3f |",
                type,
                purchase.word(),
                usd,
                usd / 3_600 / decodes * 1e6,
                blended,
                usd / 3_600 / blended * 1e6));
      }
    }

    assertThat(Files.readAllLines(README))
        .filteredOn(line -> line.matches("\\| (a chunk|\\d+ decodes|inf2|trn1).*"))
        .containsExactlyElementsOf(rows);
  }

  /** And one slot more, for rows that only pad. */
  @Test
  void sixteenSlotsFitADeviceAndThirtyTwoDoNot() {
    Layout layout =
        Layout.of(LLAMA, PRICES.instance("inf2.xlarge").orElseThrow(), CONTEXTS[1]).orElseThrow();

    assertThat(layout.kvTokens()).isBetween(17.0 * CONTEXTS[1], 33.0 * CONTEXTS[1]);
  }
}
