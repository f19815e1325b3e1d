package dev.outcrop.serving.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.prices.Device;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Figures that were worked out by hand, from the shapes and the data sheets. */
final class RooflineTest {
  private static final String SMALL = "meta.llama3-1-8b-instruct-v1:0";
  private static final String LARGE = "meta.llama3-1-70b-instruct";
  private static final Share ALL = new Share(1, 1);
  private static final Prices PRICES = Prices.builtIn();

  private static ModelWork work(String id, Quantization quantization) {
    return ModelWork.of(Presets.config(id), quantization);
  }

  private static Device device(String instance) {
    return PRICES.instance(instance).orElseThrow().device();
  }

  @Test
  void kvOfATokenTakes128And320KiB() {
    assertThat(work(SMALL, Quantization.NONE).kvBytesPerToken()).isEqualTo(128 * 1_024);
    assertThat(work(LARGE, Quantization.NONE).kvBytesPerToken()).isEqualTo(320 * 1_024);
  }

  @Test
  void weightsTakeTwoBytesOneOrAboutAHalf() {
    long embedding = 128_256L * 4_096;
    long linear = 8_030_261_248L - 2 * embedding - 65L * 4_096;

    assertThat(work(SMALL, Quantization.NONE).weightBytes()).isEqualTo(2.0 * 8_030_261_248L);
    assertThat(work(SMALL, Quantization.INT8).weightBytes())
        .isEqualTo(linear + 3.0 * embedding + 2.0 * 65 * 4_096);
    assertThat(work(SMALL, Quantization.INT4_G64).weightBytes())
        .isEqualTo(linear * 0.5625 + 3.0 * embedding + 2.0 * 65 * 4_096);
  }

  /** Milliseconds of a step at 1,024 tokens; the table counts the embedding as read, too. */
  @ParameterizedTest
  @CsvSource({
    "g6.xlarge, 1, 54.0",
    "g6.xlarge, 16, 60.7",
    "g6.xlarge, 64, 82.2",
    "g5.xlarge, 1, 27.0",
    "g5.xlarge, 16, 30.4",
    "inf2.xlarge, 1, 18.4",
    "inf2.xlarge, 16, 20.7",
    "inf2.xlarge, 64, 28.0",
    "g6e.xlarge, 1, 18.7",
    "g6e.xlarge, 16, 21.1",
    "g6e.xlarge, 64, 28.5",
    "p5.48xlarge, 1, 4.8",
    "p5.48xlarge, 16, 5.4",
    "p5.48xlarge, 64, 7.4",
    "p5.48xlarge, 256, 15.1",
    "p5en.48xlarge, 1, 3.4",
    "p5en.48xlarge, 16, 3.8",
    "p5en.48xlarge, 64, 5.1",
    "p5en.48xlarge, 256, 10.5"
  })
  void stepsTakeWhatTheTableOfTheNotesSays(String instance, int batch, double millis) {
    ModelWork work = work(SMALL, Quantization.NONE);
    Roof roof = Roof.of(device(instance), ALL);

    double seconds = roof.decodeSeconds(work, batch, 1_024);
    double withEmbedding = seconds + 2.0 * work.size().embedding() / roof.bytesPerSecond();

    assertThat(withEmbedding * 1e3).isEqualTo(millis, within(0.06));
  }

  @Test
  void promptsAreBoundByArithmetic() {
    ModelWork work = work(SMALL, Quantization.NONE);
    double layers = 2.0 * (8_030_261_248L - 2L * 128_256 * 4_096);
    double scores = 4.0 * 32 * 128 * 32 * 2_048 * 2_048 / 2;
    double flops = 2_048 * layers + 2.0 * 128_256 * 4_096 + scores;

    assertThat(work.promptFlops(2_048)).isEqualTo(flops, within(flops * 1e-9));
    assertThat(Roof.of(device("p5.48xlarge"), ALL).promptSeconds(work, 2_048))
        .isEqualTo(flops / 989e12, within(1e-9));
    assertThat(Roof.of(device("p5.48xlarge"), ALL).promptSeconds(work, 1))
        .as("one token waits for the weights")
        .isEqualTo(work.bytesRead(1) / 3.35e12, within(1e-9));
  }

  @Test
  void memoryDecidesHowManyDevicesAReplicaTakes() {
    ModelWork small = work(SMALL, Quantization.NONE);
    ModelWork large = work(LARGE, Quantization.NONE);

    Layout one =
        Layout.of(small, PRICES.instance("g6.12xlarge").orElseThrow(), 4_096).orElseThrow();
    assertThat(one.devicesPerReplica()).isEqualTo(1);
    assertThat(one.replicas()).isEqualTo(4);
    assertThat(one.kvTokens())
        .isEqualTo((24e9 * 0.9 - 2.0 * 8_030_261_248L) / 131_072, within(1e-6));
    // 141.1 GB: two H100 have 144 GB to use, three have room for KV of long contexts
    assertThat(
            Layout.of(large, PRICES.instance("p5.48xlarge").orElseThrow(), 4_096)
                .orElseThrow()
                .devicesPerReplica())
        .isEqualTo(2);
    assertThat(
            Layout.of(large, PRICES.instance("p5.48xlarge").orElseThrow(), 32_768)
                .orElseThrow()
                .devicesPerReplica())
        .isEqualTo(3);
    assertThat(Layout.of(large, PRICES.instance("g6.12xlarge").orElseThrow(), 4_096)).isEmpty();
  }

  /** Heads are dealt out to the two cores of each: 64 to two, four or eight devices, never six. */
  @Test
  void neuronDevicesSplitEachLayerAndWorkAtTheSameTime() {
    ModelWork large = work(LARGE, Quantization.NONE);
    Instance instance = PRICES.instance("inf2.48xlarge").orElseThrow();

    Layout layout = Layout.of(large, instance, 4_096).orElseThrow();

    assertThat(layout.devicesPerReplica()).isEqualTo(8);
    assertThat(layout.stages()).isEqualTo(1);
    assertThat(layout.replicas()).isEqualTo(1);
    assertThat(layout.kvTokens())
        .as("two of the sixteen cores have the same of the eight KV heads")
        .isEqualTo(
            (8 * 34.4e9 * 0.9 - large.weightBytes()) / (2.0 * large.kvBytesPerToken()),
            within(1.0));
    Roof one = new Roof(100, 10);
    assertThat(layout.roof(one)).isEqualTo(new Roof(800, 80, 2));
    assertThat(new Layout(8, 8, 1, 1, 1).roof(one)).as("stages take turns").isEqualTo(one);
    assertThat(layout.roof(new Roof(100, 1e30)).decodeSeconds(large, 16, 1_000))
        .isEqualTo((large.bytesRead(16) + 2 * 16 * large.kvBytesRead(1_000)) / 800, within(1e-3));
    assertThat(layout.roof(one).cachedSeconds(large))
        .isEqualTo(2 * large.kvBytesPerToken() / 800.0, within(1e-9));
    Traffic traffic = new Traffic(1_000, 200, 0);
    Estimate estimate = Estimate.of(large, instance, ALL, traffic, new Slo(10, 10)).orElseThrow();
    Roof whole = Roof.of(instance.device(), ALL).times(8, 2);
    assertThat(estimate.ttft())
        .isEqualTo(
            whole.promptSeconds(large, 1_000) + whole.decodeSeconds(large, estimate.batch(), 1_100),
            within(1e-9));
  }

  @Test
  void onlyWhatRunsCounts() {
    ModelWork small = work(SMALL, Quantization.NONE);

    assertThat(standing(small, "inf2.xlarge")).isEqualTo(Standing.State.UNTESTED);
    assertThat(standing(work(SMALL, Quantization.INT8), "inf2.xlarge"))
        .isEqualTo(Standing.State.UNSUPPORTED);
    assertThat(standing(small, "g6.xlarge")).isEqualTo(Standing.State.UNTESTED);
    assertThat(standing(work(SMALL, Quantization.INT8), "g6.xlarge"))
        .isEqualTo(Standing.State.UNSUPPORTED);
    assertThat(standing(work(LARGE, Quantization.NONE), "g6.xlarge"))
        .isEqualTo(Standing.State.TOO_LARGE);
  }

  private static Standing.State standing(ModelWork work, String type) {
    var instance = PRICES.instance(type).orElseThrow();
    Optional<Layout> layout = Layout.of(work, instance, 2_000);
    return Standing.of(work, instance, layout).state();
  }

  @Test
  void anEstimateIsThePartsOfARequestPutTogether() {
    ModelWork work = work(SMALL, Quantization.NONE);
    Traffic traffic = new Traffic(1_000, 200, 0.5);
    Estimate estimate =
        Estimate.of(
                work, PRICES.instance("g6e.xlarge").orElseThrow(), Share.DEFAULT, traffic, Slo.NONE)
            .orElseThrow();
    Roof roof = new Roof(0.4 * 864e9, 0.4 * 362e12);

    assertThat(estimate.batch())
        .isEqualTo((int) ((48e9 * 0.9 - work.weightBytes()) / 131_072 / 1_200));
    double prompt = roof.promptSeconds(work, 500);
    double cached = 500 * 131_072 / (0.4 * 864e9);
    double decode = 200 * roof.decodeSeconds(work, estimate.batch(), 1_100) / estimate.batch();
    assertThat(estimate.times().prompt()).isEqualTo(prompt, within(1e-12));
    assertThat(estimate.times().cached()).isEqualTo(cached, within(1e-12));
    assertThat(estimate.requestsPerSecond())
        .isEqualTo(1 / (prompt + cached + decode), within(1e-9));
    assertThat(estimate.rates().cached())
        .isEqualTo(500 * estimate.requestsPerSecond(), within(1e-6));
  }

  /** Two H100 hold 70 B and KV of five requests; more of them have room for larger steps. */
  @Test
  void aReplicaTakesAsManyDevicesAsBringMostRequests() {
    ModelWork work = work(LARGE, Quantization.NONE);
    var instance = PRICES.instance("p5.48xlarge").orElseThrow();
    Traffic traffic = new Traffic(1_200, 300, 0);
    Roof roof = Roof.of(instance.device(), Share.DEFAULT);
    Slo slow = new Slo(4, 0.4);

    Estimate best = Estimate.of(work, instance, Share.DEFAULT, traffic, slow).orElseThrow();

    assertThat(Layout.all(work, instance, 1_500))
        .hasSize(7)
        .first()
        .extracting(Layout::devicesPerReplica)
        .isEqualTo(2);
    assertThat(best.layout().devicesPerReplica()).isGreaterThan(2);
    for (Layout layout : Layout.all(work, instance, 1_500)) {
      double requests =
          Estimate.of(work, roof, layout, Share.DEFAULT, traffic, slow)
              .map(Estimate::requestsPerSecond)
              .orElse(0.0);
      assertThat(best.requestsPerSecond()).isGreaterThanOrEqualTo(requests);
    }
    Layout least = Layout.of(work, instance, 1_500).orElseThrow();
    Estimate two = Estimate.of(work, roof, least, Share.DEFAULT, traffic, Slo.NONE).orElseThrow();
    assertThat(best.requestsPerSecond()).isGreaterThan(5 * two.requestsPerSecond());
  }

  /** Four L40S have KV for 1.07 of these requests: one stage works and three wait. */
  @Test
  void stagesWithoutASequenceAreIdle() {
    ModelWork work = work(LARGE, Quantization.NONE);
    Traffic traffic = new Traffic(89_500, 500, 0);
    Estimate estimate =
        Estimate.of(
                work,
                PRICES.instance("g6e.12xlarge").orElseThrow(),
                Share.DEFAULT,
                traffic,
                Slo.NONE)
            .orElseThrow();

    assertThat(estimate.layout().devicesPerReplica()).isEqualTo(4);
    assertThat(estimate.layout().kvTokens() / 90_000).isBetween(1.0, 2.0);
    assertThat(estimate.batch()).isEqualTo(1);
    assertThat(estimate.requestsPerSecond()).isEqualTo(1 / estimate.times().all(), within(1e-12));
  }

  @Test
  void aPromiseBoundsTheBatch() {
    ModelWork work = work(SMALL, Quantization.NONE);
    var instance = PRICES.instance("g6e.xlarge").orElseThrow();
    Traffic traffic = new Traffic(1_000, 200, 0);
    Slo slo = Slo.parse("ttft=2000,tpot=100");

    Estimate free = Estimate.of(work, instance, Share.DEFAULT, traffic, Slo.NONE).orElseThrow();
    Estimate kept = Estimate.of(work, instance, Share.DEFAULT, traffic, slo).orElseThrow();

    assertThat(kept.batch()).isLessThan(free.batch());
    assertThat(kept.tpot()).isLessThanOrEqualTo(0.1);
    assertThat(kept.requestsPerSecond()).isLessThan(free.requestsPerSecond());
    assertThat(Estimate.of(work, instance, Share.DEFAULT, traffic, new Slo(2, 0.01))).isEmpty();
  }

  @Test
  void promisesAreReadInMillisecondsOrSeconds() {
    assertThat(Slo.parse("ttft=2000,tpot=100")).isEqualTo(new Slo(2, 0.1));
    assertThat(Slo.parse("tpot=0.05s").tpot()).isEqualTo(0.05);
    assertThat(Slo.parse("tpot=50").text()).isEqualTo("ttft=any,tpot=50");
    assertThat(Slo.parse("tpot=0.3,ttft=1.5s").text()).isEqualTo("ttft=1500,tpot=0.3");
    for (String text : List.of("ttft=2000", "tpot=0.3", "tpot=50", "ttft=any,tpot=any")) {
      Slo slo = Slo.parse(text);
      assertThat(Slo.parse(slo.text())).as(text).isEqualTo(slo);
    }
    assertThatThrownBy(() -> Slo.parse("ttft")).hasMessageContaining("ttft=MILLIS,tpot=MILLIS");
    assertThatThrownBy(() -> Slo.parse("ttft=0")).isInstanceOf(IllegalArgumentException.class);
  }

  /** A version that the price table sees past is none to the shapes either. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "meta.llama3-1-8b-instruct-v1:0:128k",
        "meta.llama3-1-8b-instruct-1:0",
        "us.meta.llama3-1-8b-instruct-v1:0",
        "META.llama3-1-8b-instruct"
      })
  void versionsOfAModelHaveItsShapeAndItsPrice(String id) {
    assertThat(PRICES.bedrock(id)).isPresent();
    assertThat(Presets.config(id)).isEqualTo(Presets.config("meta.llama3-1-8b-instruct"));
  }

  @Test
  void modelsWithoutFilesAreFewAndNamed() {
    assertThatThrownBy(() -> Presets.config("meta.llama3-1-405b-instruct-v1:0"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("meta.llama3-1-8b-instruct");
  }
}
