package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.DecoderConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The table of families in FAMILIES.md: how far each is from transformers, and that each of its
 * special features is missed when it is switched off. {@code -Dlong} writes target/families.md.
 */
class FamilyTableTest {
  private static final Path TABLE = Path.of("FAMILIES.md");
  private static final List<String> ENCODERS =
      List.of(
          "bert-mean",
          "bert-cls",
          "bert-f16",
          "bert-reranker",
          "xlm-roberta",
          "xlm-roberta-reranker",
          "modernbert",
          "modernbert-reranker");

  @TempDir Path folder;

  private static List<Arguments> mutations(Stream<Arguments> all, String fixture) {
    return all.filter(arguments -> arguments.get()[0].equals(fixture)).toList();
  }

  private static List<Arguments> ofDecoder(String fixture) {
    return mutations(
        Stream.concat(MutationTest.features(), ExpertMutationTest.features()), fixture);
  }

  private static String features(List<Arguments> mutations) {
    return String.join("; ", mutations.stream().map(one -> (String) one.get()[1]).toList());
  }

  @Test
  void hasARowForEachFixtureWithAllItsFeatures() throws IOException {
    List<String> lines = Files.readAllLines(TABLE);
    List<String> wanted = new ArrayList<>();
    TorchEngineExactnessTest.fixtures()
        .forEach(name -> wanted.add("| %s | %s |".formatted(name, features(ofDecoder(name)))));
    for (String name : ENCODERS) {
      wanted.add(
          "| %s | %s |".formatted(name, features(mutations(EncoderMutationTest.features(), name))));
    }
    for (String row : wanted) {
      assertThat(lines).as(row).anyMatch(line -> line.startsWith(row));
    }
    assertThat(lines.stream().filter(line -> line.startsWith("| ")).count())
        .as("rows, two of them heads")
        .isEqualTo(wanted.size() + 2);
  }

  @Test
  @Tag("long")
  void writesTheTable() throws IOException {
    List<String> rows = new ArrayList<>();
    rows.add(
        "| fixture | features switched off one at a time | weakest seen | largest difference |"
            + " bfloat16 | float16, computed in bfloat16 | float16, computed in float32 |");
    rows.add("|---|---|---|---|---|---|---|");
    for (String name : TorchEngineExactnessTest.fixtures().toList()) {
      rows.add(decoder(name));
    }
    rows.add("");
    rows.add(
        "| fixture | features switched off one at a time | weakest seen | largest difference |");
    rows.add("|---|---|---|---|");
    for (String name : ENCODERS) {
      rows.add(encoder(name));
    }
    Files.write(Path.of("target", "families.md"), rows);
    assertThat(rows).hasSizeGreaterThan(30);
  }

  private String decoder(String name) {
    Fixture fixture = Fixture.read(name);
    List<Arguments> mutations = ofDecoder(name);
    double weakest = Double.POSITIVE_INFINITY;
    for (Arguments mutation : mutations) {
      DecoderConfig mutated = applied(mutation.get()[2], fixture.config());
      weakest = Math.min(weakest, MutationTest.error(fixture, mutated));
    }
    Fixture float16 = fixture.inFloat16(folder);
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %.1e | %s | %s | %s |",
        name,
        features(mutations),
        seen(weakest),
        MutationTest.error(fixture, fixture.config()),
        agreement(fixture, ElementType.BFLOAT16),
        agreement(float16, ElementType.BFLOAT16),
        agreement(float16, ElementType.FLOAT32));
  }

  private static String agreement(Fixture fixture, ElementType type) {
    float[][] said = fixture.said(type);
    return String.format(
        Locale.ROOT, "%.0f %%, %.5f", 100 * fixture.agreement(said), fixture.divergence(said));
  }

  private static String encoder(String name) {
    EncoderFixture fixture = EncoderFixture.read(name);
    List<Arguments> mutations = mutations(EncoderMutationTest.features(), name);
    double weakest = Double.POSITIVE_INFINITY;
    for (Arguments mutation : mutations) {
      EncoderMutationTest.Mutation without = (EncoderMutationTest.Mutation) mutation.get()[2];
      weakest = Math.min(weakest, fixture.error(without.said(fixture)));
    }
    float[][] said = fixture.said(fixture.config(), fixture.modules(), ElementType.FLOAT32);
    return String.format(
        Locale.ROOT,
        "| %s | %s | %s | %.1e |",
        name,
        features(mutations),
        seen(weakest),
        fixture.error(said));
  }

  @SuppressWarnings("unchecked")
  private static DecoderConfig applied(Object mutation, DecoderConfig config) {
    return ((UnaryOperator<DecoderConfig>) mutation).apply(config);
  }

  private static String seen(double weakest) {
    return Double.isInfinite(weakest) ? "-" : String.format(Locale.ROOT, "%.1e", weakest);
  }
}
