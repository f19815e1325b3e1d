package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.torch.KernelTable.Kernel;
import dev.outcrop.models.torch.KernelTable.Source;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layouts of weights are measured before a load, kept in a file, and used. */
final class LayoutTunerTest {
  private static final WeightShape LARGE = new WeightShape(1024, 1024, 2);
  private static final WeightShape SMALL = new WeightShape(96, 64, 1);

  @TempDir Path folder;

  /** A clock by which kernels take as long as they are told; it is read before and after each. */
  private static final class Clock implements LongSupplier {
    private static final int KINDS = 3;
    private static final int BEFORE = 2; // when the time is up, and whether it is
    private final long[][] nanos; // by rows, then by kind
    private final int runs;
    private long now;
    private int reads;

    /**
     * @param runs of a kind at one number of rows
     */
    Clock(int runs, long[]... nanos) {
      this.runs = runs;
      this.nanos = nanos;
    }

    @Override
    public long getAsLong() {
      int run = (reads - BEFORE) / 2;
      if (reads >= BEFORE && (reads - BEFORE) % 2 == 1) {
        now += nanos[Math.min(run / (runs * KINDS), nanos.length - 1)][run % KINDS];
      }
      reads++;
      return now;
    }
  }

  private static List<KernelTable> tune(Tuning tuning, LongSupplier clock, WeightShape... shapes) {
    TorchOptions options =
        new TorchOptions(
            ElementType.BFLOAT16, 64, 1, TorchOptions.Kernels.BEST, WeightFormat.PLAIN, tuning);
    String text = DecoderProgram.text(Configs.tiny(64), ElementType.BFLOAT16, true);
    try (TorchProgram program = TorchProgram.load(text)) {
      List<KernelTable> tables =
          new LayoutTuner(options, new TuningBudget(clock)).tune(program, List.of(shapes));
      long[] held = program.runLongs("shape_table");
      assertThat(held).hasSize(6 * shapes.length);
      for (int i = 0; i < tables.size(); i++) {
        assertThat(Arrays.copyOfRange(held, 6 * i, 6 * i + 2))
            .containsExactly(tables.get(i).rows(), tables.get(i).columns());
        assertThat(KernelTable.kernels(program.runLongs("kernels_of", IValue.from(i))))
            .isEqualTo(tables.get(i).kernels());
      }
      return tables;
    }
  }

  @Test
  void measuresLargeWeightsOnceAndThenReadsTheFile() {
    Tuning tuning = new Tuning(true, folder);
    Clock quick = new Clock(3, new long[] {100, 90, 80});
    List<KernelTable> first = tune(tuning, quick, SMALL, LARGE);
    List<KernelTable> second = tune(tuning, quick, SMALL, LARGE);

    assertThat(first)
        .extracting(KernelTable::source)
        .containsExactly(Source.DEFAULT, Source.MEASURED);
    assertThat(second)
        .extracting(KernelTable::source)
        .containsExactly(Source.DEFAULT, Source.CACHED);
    assertThat(second.getLast().kernels()).isEqualTo(first.getLast().kernels());
    assertThat(first.getFirst().kernels()).containsOnly(Kernel.ONEDNN_PACKED);
  }

  @ParameterizedTest
  @CsvSource({
    // nanoseconds of packed, plain, product; what all buckets of rows are
    "100, 90, 90, ONEDNN",
    "100, 110, 120, ONEDNN_PACKED",
    "100, 90, 80, MATMUL",
    "100, 90, 88, ONEDNN"
  })
  void takesTheFastest(long packed, long plain, long product, Kernel expected) {
    Clock clock = new Clock(3, new long[] {packed, plain, product});

    assertThat(tune(new Tuning(true, null), clock, LARGE).getFirst().kernels())
        .containsOnly(expected);
  }

  @Test
  void takesTheLayoutThatIsFasterOnTheWholeAndTheKernelByRows() {
    Clock clock =
        new Clock(
            3,
            new long[] {200, 100, 150},
            new long[] {100, 110, 105},
            new long[] {100, 110, 100},
            new long[] {100, 150, 90});

    assertThat(tune(new Tuning(true, null), clock, LARGE).getFirst().kernels())
        .containsExactly(
            Kernel.ONEDNN,
            Kernel.ONEDNN,
            Kernel.ONEDNN,
            Kernel.MATMUL,
            Kernel.MATMUL,
            Kernel.MATMUL,
            Kernel.MATMUL);
  }

  @Test
  void keepsNothingOfWhatTheTimeDoesNotSufficeFor() {
    long third = 600_000_000L;
    WeightShape smaller = new WeightShape(512, 2048, 1);
    Clock clock = new Clock(3, new long[] {third, third / 2, third / 2});

    List<KernelTable> tables = tune(new Tuning(true, folder), clock, LARGE, smaller);

    assertThat(tables).extracting(KernelTable::source).containsOnly(Source.DEFAULT);
    assertThat(tables)
        .allSatisfy(table -> assertThat(table.kernels()).containsOnly(Kernel.ONEDNN_PACKED));
    Clock quick = new Clock(3, new long[] {100, 90, 80});
    assertThat(tune(new Tuning(true, folder), quick, LARGE))
        .extracting(KernelTable::source)
        .containsOnly(Source.MEASURED);
  }

  @Test
  void measuresNothingWhereItIsOff() {
    assertThat(tune(Tuning.OFF, System::nanoTime, LARGE))
        .extracting(KernelTable::source)
        .containsOnly(Source.DEFAULT);
  }
}
