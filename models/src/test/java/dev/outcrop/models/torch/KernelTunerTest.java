package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.torch.KernelTable.Kernel;
import dev.outcrop.models.torch.KernelTable.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels are measured once, kept in a file, and taken from it only where it fits. */
final class KernelTunerTest {
  private static final Fixture LLAMA = Fixture.read("llama");
  private static final WeightFormat INT8 = new WeightFormat(8, 0, false);

  @TempDir Path folder;

  private static List<KernelTable> kernels(WeightFormat format, Tuning tuning) {
    try (TorchEngine engine =
        TorchEngine.open(LLAMA.config(), LLAMA.checkpoint(), options(format, tuning))) {
      // The MLP of the fixture is 48 wide, which is no multiple of 32: its last matrix stays whole.
      return engine.kernels().tables().stream()
          .filter(table -> !table.format().equals("none"))
          .toList();
    }
  }

  private static TorchOptions options(WeightFormat format, Tuning tuning) {
    return new TorchOptions(ElementType.BFLOAT16, 64, 1, TorchOptions.Kernels.BEST, format, tuning);
  }

  private Path file() {
    return folder.resolve("kernels-3.json");
  }

  @Test
  void measuresOnceAndThenReadsTheFile() {
    Tuning tuning = new Tuning(true, folder);
    List<KernelTable> measured = kernels(INT8, tuning);
    List<KernelTable> cached = kernels(INT8, tuning);

    assertThat(measured).extracting(KernelTable::source).containsOnly(Source.MEASURED);
    assertThat(cached).extracting(KernelTable::source).containsOnly(Source.CACHED);
    assertThat(cached)
        .extracting(KernelTable::kernels)
        .isEqualTo(measured.stream().map(KernelTable::kernels).toList());
    assertThat(folder).isDirectoryContaining(path -> path.equals(file()));
  }

  @Test
  void takesWhatTheFileSaysOfItsOwnShapes() throws IOException {
    kernels(INT8, new Tuning(true, folder));
    String all = Files.readString(file()).replace("int8-pack", "int8-widened");
    Files.writeString(file(), all);

    assertThat(kernels(INT8, new Tuning(true, folder)))
        .allSatisfy(table -> assertThat(table.kernels()).containsOnly(Kernel.INT8_WIDENED));
    assertThat(kernels(new WeightFormat(4, 32, false), new Tuning(true, folder)))
        .extracting(KernelTable::source)
        .contains(Source.MEASURED);
    assertThat(kernels(new WeightFormat(8, 0, true), new Tuning(true, folder)))
        .extracting(KernelTable::source)
        .containsOnly(Source.MEASURED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "null", "7", "{\"a\": [1]}", "MACHINE", "SHORT", "FOREIGN"})
  void ignoresAFileThatIsNotItsOwn(String content) throws IOException {
    kernels(INT8, new Tuning(true, folder));
    String sound = Files.readString(file());
    Files.writeString(
        file(),
        switch (content) {
          case "MACHINE" -> sound.replace("libtorch", "libtorch 9");
          case "SHORT" -> sound.replaceAll("\"int8-\\w+\", ", "");
          case "FOREIGN" -> sound.replaceAll("int8-\\w+", "int4-pack");
          default -> content;
        });

    assertThat(kernels(INT8, new Tuning(true, folder)))
        .extracting(KernelTable::source)
        .containsOnly(Source.MEASURED);
    assertThat(kernels(INT8, new Tuning(true, folder)))
        .extracting(KernelTable::source)
        .containsOnly(Source.CACHED);
  }

  @Test
  void goesOnWhereTheFileCannotBeWritten() throws IOException {
    Path taken = Files.createFile(folder.resolve("taken"));

    assertThat(kernels(INT8, new Tuning(true, taken)))
        .extracting(KernelTable::source)
        .containsOnly(Source.MEASURED);
  }

  @Test
  void measuresNothingWhereItIsOff() {
    assertThat(kernels(INT8, Tuning.OFF))
        .extracting(KernelTable::source)
        .containsOnly(Source.DEFAULT);
    assertThat(kernels(INT8, Tuning.OFF).getFirst().kernels())
        .startsWith(Kernel.INT8_PACK)
        .endsWith(Kernel.INT8_SPLIT);
  }

  /** The choice of a loaded model's kernels with so much time. */
  private List<KernelTable> chosen(TuningBudget budget) {
    Tuning tuning = new Tuning(true, folder);
    try (TorchEngine engine =
        TorchEngine.open(LLAMA.config(), LLAMA.checkpoint(), options(INT8, Tuning.OFF))) {
      return new KernelTuner(engine.program(), options(INT8, tuning), budget)
          .tune().stream().filter(table -> !table.format().equals("none")).toList();
    }
  }

  @Test
  void keepsNothingOfWhatTheTimeDoesNotSufficeFor() {
    AtomicLong clock = new AtomicLong();
    TuningBudget slow = new TuningBudget(() -> clock.getAndAdd(20_000_000L));

    assertThat(chosen(slow)).extracting(KernelTable::source).containsOnly(Source.DEFAULT);
    assertThat(slow.spent()).isBetween(1_800_000_000L, 2_000_000_000L);
    assertThat(kernels(INT8, new Tuning(true, folder)))
        .extracting(KernelTable::source)
        .containsOnly(Source.MEASURED);
  }

  @Test
  void sharesItsTimeWithWhatWasChosenBefore() {
    AtomicLong clock = new AtomicLong();
    TuningBudget budget = new TuningBudget(clock::incrementAndGet);
    budget.begin();
    clock.addAndGet(1_800_000_000L);
    budget.end();

    assertThat(chosen(budget)).extracting(KernelTable::source).containsOnly(Source.DEFAULT);
  }

  @Test
  void givesEveryNumberOfRowsTheKernelOfItsBucket() {
    Kernel pack = Kernel.INT8_PACK;
    Kernel wide = Kernel.INT8_WIDENED;
    long[] numbers = KernelTable.numbers(List.of(pack, wide, pack, wide, pack, wide, pack));

    for (int[] range :
        new int[][] {{1, 1, 1}, {2, 4, 2}, {5, 8, 1}, {9, 16, 2}, {17, 32, 1}, {33, 64, 2}}) {
      for (int rows = range[0]; rows <= range[1]; rows++) {
        assertThat(numbers[rows]).describedAs("%d rows", rows).isEqualTo(range[2]);
      }
    }
    assertThat(numbers).hasSize(66).endsWith(1L);
    assertThat(KernelTable.kernels(Arrays.copyOf(numbers, 69)))
        .containsExactly(pack, wide, pack, wide, pack, wide, pack);
  }
}
