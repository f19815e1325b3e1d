package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.weights.StoredTensor;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayerSplitTest {

  @ParameterizedTest
  @CsvSource({
    "1 1 1 1, 2, 2 2",
    "1 1 1 1 1, 2, 2 3",
    "5 1 1 1 1 4, 2, 2 4",
    "9 1 1 1 9, 3, 1 3 1",
    "1 1 1, 3, 1 1 1",
    "1 1 9, 1, 3",
    "0 0 0 0, 2, 1 3"
  })
  void givesTheFullestDeviceAsLittleAsCanBe(String bytes, int devices, String counts) {
    List<Stage> stages = LayerSplit.stages(longs(bytes), Stages.processors(devices));

    assertThat(stages.stream().mapToLong(Stage::count).toArray()).isEqualTo(longs(counts));
    assertThat(stages.getFirst().first()).isTrue();
    assertThat(stages.getLast().last()).isTrue();
  }

  private static long[] longs(String words) {
    return Arrays.stream(words.split(" ")).mapToLong(Long::parseLong).toArray();
  }

  /** Against every split there is. */
  @Test
  void findsNoBetterSplitByTryingAll() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    for (int round = 0; round < 200; round++) {
      long[] bytes = random.longs(1 + random.nextInt(8), 0, 20).toArray();
      int devices = 1 + random.nextInt(Math.min(4, bytes.length));
      List<Stage> stages = LayerSplit.stages(bytes, Stages.processors(devices));

      long fullest = 0;
      int at = 0;
      for (Stage stage : stages) {
        assertThat(stage.from()).isEqualTo(at);
        at = stage.to();
        fullest = Math.max(fullest, Arrays.stream(bytes, stage.from(), at).sum());
      }
      assertThat(at).isEqualTo(bytes.length);
      assertThat(fullest).isEqualTo(best(bytes, 0, devices));
    }
  }

  private static long best(long[] bytes, int from, int devices) {
    if (devices == 1) {
      return Arrays.stream(bytes, from, bytes.length).sum();
    }
    long best = Long.MAX_VALUE;
    for (int to = from + 1; to <= bytes.length - devices + 1; to++) {
      long here = Arrays.stream(bytes, from, to).sum();
      best = Math.min(best, Math.max(here, best(bytes, to, devices - 1)));
    }
    return best;
  }

  @Test
  void refusesMoreDevicesThanLayers() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> LayerSplit.stages(new long[] {1, 1}, Stages.processors(3)))
        .withMessage("a model of 2 layers cannot be split over 3 devices")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
  }

  @ParameterizedTest
  @CsvSource({"llama, 2", "gemma2, 2", "mixtral, 2"}) // gemma2's head is tied
  void countsWeightsAndKvOfACheckpoint(String name, int devices) {
    Fixture fixture = Fixture.read(name);
    TorchOptions options =
        new TorchOptions(ElementType.FLOAT32, 32, 1).on(Stages.processors(devices));
    int layers = fixture.config().layers().size();
    long norm = 4L * fixture.config().hiddenSize();
    long embedding = norm * fixture.config().vocabularySize();
    long stored =
        fixture.checkpoint().tensors().stream().mapToLong(StoredTensor::bytes).sum() - norm;
    long kv = 4 * 32 * fixture.config().kvNumbersPerToken();

    long[] bytes = LayerSplit.bytes(fixture.config(), fixture.checkpoint(), options);

    assertThat(Arrays.stream(bytes).sum())
        .isEqualTo(stored + kv + (fixture.config().tiedEmbeddings() ? embedding : 0));
    assertThat(bytes[0]).isEqualTo(bytes[1] + (layers > 2 ? embedding : 0));
    assertThat(LayerSplit.stages(fixture.config(), fixture.checkpoint(), options))
        .extracting(Stage::device)
        .containsExactly(TorchDevice.parse("cpu:0"), TorchDevice.parse("cpu:1"));
  }

  @ParameterizedTest
  @CsvSource({"cpu, cpu", "cpu:0, cpu", "cpu:1, cpu", "cuda, cuda:0", "cuda:7, cuda:7"})
  void spellsDevicesAsLibtorchDoes(String spelling, String text) {
    assertThat(TorchDevice.parse(spelling).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cuda:1000", "CPU", "cuda:0 "})
  void refusesOtherSpellings(String spelling) {
    assertThatIllegalArgumentException().isThrownBy(() -> TorchDevice.parse(spelling));
  }
}
