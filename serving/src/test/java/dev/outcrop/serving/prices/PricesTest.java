package dev.outcrop.serving.prices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PricesTest {
  private static final Prices PRICES = Prices.builtIn();

  @TempDir private Path folder;

  @Test
  void everyRowNamesItsSource() {
    assertThat(PRICES.instances()).hasSizeGreaterThan(15);
    for (Instance instance : PRICES.instances()) {
      assertThat(instance.price(Purchase.ON_DEMAND)).as(instance.type()).isPresent();
      instance
          .hourly()
          .forEach(
              (purchase, price) -> {
                assertThat(price.source().what()).as(instance.type() + purchase).isNotBlank();
                assertThat(price.source().date()).matches("\\d{4}-\\d{2}-\\d{2}|unstated");
              });
    }
  }

  /** The notes have figures of GPUs from memory only. */
  @Test
  void devicesThatNobodyLookedUpSaySo() {
    for (Instance instance : PRICES.instances()) {
      Device device = instance.device();
      if (device.kind() == Device.Kind.GPU) {
        assertThat(device.source().name()).as(device.name()).isEqualTo("recalled");
      }
    }
  }

  @Test
  void familiesOfTheIssueAreThere() {
    List<String> families =
        PRICES.instances().stream().map(i -> i.type().split("\\.", 2)[0]).distinct().toList();

    assertThat(families).contains("inf2", "trn1", "g5", "g6", "g6e", "p4d", "p5", "p5en");
  }

  @Test
  void aPriceThatNobodySourcedIsNotThere() {
    Instance small = PRICES.instance("p5.4xlarge").orElseThrow();

    assertThat(small.price(Purchase.ON_DEMAND).orElseThrow().usd()).isEqualTo(6.88);
    assertThat(small.price(Purchase.RESERVED)).isEmpty();
    assertThat(small.price(Purchase.SPOT)).isEmpty();
  }

  @Test
  void gapsAreTheKnownOnes() {
    assertThat(without(Purchase.SPOT)).containsExactly("p5.4xlarge");
    assertThat(without(Purchase.RESERVED))
        .containsExactly("p4d.24xlarge", "p5.4xlarge", "p5.48xlarge", "p5en.48xlarge");
  }

  private static List<String> without(Purchase purchase) {
    return PRICES.instances().stream()
        .filter(instance -> instance.price(purchase).isEmpty())
        .map(Instance::type)
        .toList();
  }

  @Test
  void whateverIsBoughtAnotherWayIsCheaperThanOnDemand() {
    for (Instance instance : PRICES.instances()) {
      double dearest = instance.price(Purchase.ON_DEMAND).orElseThrow().usd();
      instance
          .hourly()
          .forEach(
              (purchase, price) ->
                  assertThat(price.usd())
                      .as(instance.type() + " " + purchase)
                      .isLessThanOrEqualTo(dearest));
    }
  }

  /** What Bedrock asks for an hour of tokens is what an inf2.xlarge costs: 957 tokens a second. */
  @Test
  void theTableKeepsTheArithmeticOfTheNotes() {
    double hour =
        PRICES.instance("inf2.xlarge").orElseThrow().price(Purchase.ON_DEMAND).orElseThrow().usd();
    double million = PRICES.bedrock("meta.llama3-1-8b-instruct").orElseThrow().input();

    assertThat(hour / million * 1e6 / 3_600).isEqualTo(957, within(1.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "meta.llama3-1-70b-instruct-v1:0",
        "meta.llama3-1-70b-instruct",
        "us.meta.llama3-1-70b-instruct-v1:0",
        "eu.meta.llama3-1-70b-instruct",
        "meta.llama3-1-70b-instruct-v1:0:128k",
        "META.Llama3-1-70B-Instruct-v1",
        "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-1-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-1-70b-instruct-v1:0"
      })
  void modelsAreFoundByAnyNameOfTheirs(String id) {
    assertThat(PRICES.bedrock(id).orElseThrow().output()).isEqualTo(0.72);
  }

  @Test
  void idsWithoutAVersionInTheirEndAreTheirOwn() {
    assertThat(PRICES.bedrock("openai.gpt-oss-20b").orElseThrow().output()).isEqualTo(0.30);
    assertThat(PRICES.bedrock("mistral.mistral-7b-instruct-v0:2").orElseThrow().input())
        .isEqualTo(0.15);
    assertThat(PRICES.bedrock("mistral.magistral-small-2509")).isPresent();
    assertThat(PRICES.bedrock("mistral.magistral-small")).isEmpty();
    assertThat(PRICES.bedrock("meta.llama3-1-405b-instruct-v1:0")).isEmpty();
  }

  @Test
  void anIdIsFoundByItselfBeforeItIsFoundWithoutItsVersion() throws IOException {
    String same = "bedrock: {acme.one-v1:0: %s, acme.one-v2:0: %s}";
    String cheap = "{input: 1, output: 2, source: genai-prices}";
    Prices prices = Prices.read(file(same.formatted(cheap, cheap)));
    assertThat(prices.bedrock("acme.one-v2:0").orElseThrow().id()).isEqualTo("acme.one-v2:0");
    assertThat(prices.bedrock("us.acme.one-v1:0").orElseThrow().id()).isEqualTo("acme.one-v1:0");
    assertThat(prices.bedrock("acme.one")).isPresent();

    Path dear = file(same.formatted(cheap, "{input: 9, output: 2, source: genai-prices}"));
    assertThatThrownBy(() -> Prices.read(dear))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("acme.one-v2:0")
        .hasMessageContaining("costs something else than acme.one-v1:0");
  }

  @Test
  void discountsSayThatTheyAreNotVerified() {
    assertThat(PRICES.modes()).extracting(Mode::name).contains("batch", "flex");
    assertThat(PRICES.modes()).noneMatch(Mode::verified);
  }

  @Test
  void aFileTakesTheTablesPlaceRowByRow() throws IOException {
    Path file =
        file(
            """
            sources: {ours: {date: 2026-11-01, what: our contract}}
            devices: {EPYC: {kind: cpu, memory-gb: 64, gb-per-second: 100, tflops: 4, source: ours}}
            instances: {m9.xlarge: {device: EPYC, devices: 1}}
            hourly:
              - {instance: g6.xlarge, purchase: spot, usd: 0.31, source: ours}
              - {instance: g6.xlarge, purchase: on-demand, usd: 0.7, source: ours}
              - {instance: m9.xlarge, purchase: on-demand, usd: 0.2, source: ours}
            bedrock: {acme.one-v1:0: {input: 1, output: 2, cached: 0.1, source: ours}}
            """);

    Prices prices = Prices.read(file);

    Instance g6 = prices.instance("g6.xlarge").orElseThrow();
    assertThat(g6.price(Purchase.SPOT).orElseThrow().usd()).isEqualTo(0.31);
    assertThat(g6.price(Purchase.ON_DEMAND).orElseThrow().source().what())
        .isEqualTo("our contract");
    assertThat(prices.instance("m9.xlarge").orElseThrow().device().kind())
        .isEqualTo(Device.Kind.CPU);
    assertThat(prices.instance("g6e.xlarge")).isPresent();
    BedrockPrice acme = prices.bedrock("acme.one").orElseThrow();
    assertThat(acme.blended(0.8, 0.5)).isEqualTo(0.8 * 0.55 + 0.2 * 2, within(1e-12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hourly: [{instance: g6.xlarge, purchase: on-demand, usd: 0.7, source: nobody}]|hourly[58].source is not one of sources",
        "hourly: [{instance: g6.xlarge, purchase: on-demand, usd: -1, source: karpenter}]|usd must be a number from 0",
        "hourly: [{instance: g6.xlarge, purchase: cheap, usd: 1, source: karpenter}]|purchase must be on-demand, reserved, spot or capacity-block",
        "hourly: [{instance: x9.large, purchase: spot, usd: 1, source: karpenter}]|names x9.large, which is no instance",
        "hourly: [{instance: g6.xlarge, purchase: spot, usd: 1, source: karpenter, note: x}]|note is not a known key",
        "bedrok: {}|bedrok is not a known key",
        "bedrock: {a.b: {input: 1, source: karpenter}}|output must be a number",
        "instances: {x: {device: L9, devices: 1}}|device is not one of devices",
        "instances: {x: {device: L4, devices: 1.5}}|devices must be a whole number",
        "devices: {x: {kind: tpu, memory-gb: 1, gb-per-second: 1, tflops: 1, source: karpenter}}|kind must be cpu, gpu or neuron",
        "bedrock: []|bedrock has another form",
        "[1]|must hold a mapping",
        "a: b: c|cannot be read as YAML"
      })
  void whatIsWrongIsNamed(String text) throws IOException {
    String[] parts = text.split("\\|", 2);
    Path file = file(parts[0]);

    assertThatThrownBy(() -> Prices.read(file))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(parts[1]);
  }

  @Test
  void purchasesAreSpeltInOneWay() {
    for (Purchase purchase : Purchase.values()) {
      assertThat(purchase.word())
          .isEqualTo(purchase.word().toLowerCase(Locale.ROOT))
          .doesNotContain("_");
    }
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("prices.yaml"), text);
  }
}
