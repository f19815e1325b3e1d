package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.torch.KernelTable.Kernel;
import dev.outcrop.models.torch.KernelTable.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses how whole weights lie in memory, and which kernel reads them for how many rows: packed by
 * oneDNN, or as they are. Which is faster differs from processor to processor; with AMX the plain
 * layout, for one row by a factor of two. Weights lie in one layout only, so this comes before a
 * model's own are loaded, and tries weights of their shapes. Used once, by the thread that loads.
 */
final class LayoutTuner {
  private static final Logger log = LoggerFactory.getLogger(LayoutTuner.class);
  private static final List<Kernel> CANDIDATES =
      List.of(Kernel.ONEDNN_PACKED, Kernel.ONEDNN, Kernel.MATMUL);
  private static final List<Integer> ROWS = List.of(1, 8, 32, 256);
  private static final int ROUNDS = 2;
  private static final int FEWEST_NUMBERS = 1 << 20; // smaller ones stay in a cache
  private static final int MOST_NUMBERS = 1 << 23; // of larger ones a part is tried
  private static final int ALL_NUMBERS = 1 << 25; // in each layout: more than caches hold
  private static final int MANY = 4; // so many times fewer weights where rows are many
  private static final double BETTER = 0.95; // what is not fused has to win by

  private final TorchOptions options;
  private final TuningBudget budget;

  LayoutTuner(TorchOptions options, TuningBudget budget) {
    this.options = options;
    this.budget = budget;
  }

  /** Has a program hold whole weights of these shapes as is best, and tells the kernels. */
  List<KernelTable> tune(TorchProgram program, List<WeightShape> shapes) {
    List<KernelTable> tables = tables(shapes);
    for (KernelTable table : tables) {
      program.run(
          "hold_shape",
          IValue.from(table.rows()),
          IValue.from(table.columns()),
          IValue.from(table.kernels().getFirst() == Kernel.ONEDNN_PACKED ? 1 : 0),
          IValue.listFrom(KernelTable.numbers(table.kernels())));
    }
    return tables;
  }

  private List<KernelTable> tables(List<WeightShape> shapes) {
    KernelCache cache = KernelCache.open(options.tuning().cache(), KernelTuner.key(options));
    List<KernelTable> tables = new ArrayList<>();
    List<WeightShape> unknown = new ArrayList<>();
    for (WeightShape shape : shapes) {
      boolean open = options.tuning().enabled() && numbers(shape) >= FEWEST_NUMBERS;
      List<Kernel> known = open ? cache.find(name(shape), CANDIDATES) : null;
      if (known != null) {
        tables.add(table(shape, known, Source.CACHED));
      } else if (open) {
        unknown.add(shape);
      } else {
        tables.add(table(shape, same(Kernel.ONEDNN_PACKED), Source.DEFAULT));
      }
    }
    if (!unknown.isEmpty()) {
      unknown.sort(Comparator.comparingLong(s -> -s.bytes(options.type())));
      long end = budget.begin();
      tables.addAll(measured(unknown, cache, end));
      budget.end();
      cache.write();
    }
    return tables;
  }

  private List<KernelTable> measured(List<WeightShape> shapes, KernelCache cache, long end) {
    List<KernelTable> tables = new ArrayList<>();
    try (TorchProgram trial =
        TorchProgram.load(
            new ProgramText()
                .value("dtype", options.type().scalarType())
                .read("trial.torchscript"))) {
      for (WeightShape shape : shapes) {
        List<Kernel> kernels = measured(trial, shape, end);
        if (kernels == null) {
          tables.add(table(shape, alike(tables), Source.DEFAULT));
        } else {
          tables.add(table(shape, kernels, Source.MEASURED));
          cache.put(name(shape), kernels);
        }
      }
      return tables;
    } catch (EngineException e) {
      log.warn("layouts of weights cannot be tried here", e);
      return shapes.stream()
          .map(shape -> table(shape, same(Kernel.ONEDNN_PACKED), Source.DEFAULT))
          .toList();
    }
  }

  /** What there is no time to try is held as the shape that has the most bytes. */
  private static List<Kernel> alike(List<KernelTable> tables) {
    return tables.isEmpty() ? same(Kernel.ONEDNN_PACKED) : tables.getFirst().kernels();
  }

  /** The best kernels of a shape, null where the time is up. */
  private @Nullable List<Kernel> measured(TorchProgram trial, WeightShape shape, long end) {
    if (budget.now() > end) {
      return null;
    }
    long columns = shape.columns();
    long rows = Math.max(1, Math.min(shape.rows(), MOST_NUMBERS / columns));
    int count = Math.toIntExact(Math.max(MANY, ALL_NUMBERS / (rows * columns)));
    trial.run("prepare", IValue.from(rows), IValue.from(columns), IValue.from(count));
    List<Kernel> plain = new ArrayList<>();
    double packedToPlain = 0;
    for (int n : ROWS) {
      long[] nanos = nanos(trial, n, n == ROWS.getLast() ? count / MANY : count, end);
      if (nanos.length == 0) {
        return null;
      }
      boolean unfused = nanos[2] < BETTER * nanos[1];
      plain.add(unfused ? Kernel.MATMUL : Kernel.ONEDNN);
      packedToPlain += Math.log((double) nanos[0] / Math.min(nanos[1], nanos[2]));
    }
    return packedToPlain <= 0 ? same(Kernel.ONEDNN_PACKED) : byBucket(plain);
  }

  /** The least nanoseconds of each candidate, nothing where the time is up. */
  private long[] nanos(TorchProgram trial, int rows, int count, long end) {
    long[] least = new long[CANDIDATES.size()];
    for (int round = 0; round <= ROUNDS; round++) {
      for (int kind = 0; kind < least.length; kind++) {
        long start = budget.now();
        if (start > end) {
          return new long[0];
        }
        // The first also pays for what a kernel does once.
        int weights = round == 0 ? 1 : count;
        trial.run("products", IValue.from(kind), IValue.from(rows), IValue.from(weights));
        long nanos = budget.now() - start;
        least[kind] = round <= 1 ? nanos : Math.min(nanos, least[kind]);
      }
    }
    return least;
  }

  private static List<Kernel> byBucket(List<Kernel> byRows) {
    List<Kernel> kernels = new ArrayList<>();
    for (int most : KernelTable.BUCKETS) {
      int i = 0;
      while (i < ROWS.size() - 1 && most > ROWS.get(i)) {
        i++;
      }
      kernels.add(byRows.get(i));
    }
    return kernels;
  }

  private static List<Kernel> same(Kernel kernel) {
    return KernelTable.BUCKETS.stream().map(_ -> kernel).toList();
  }

  private static long numbers(WeightShape shape) {
    return (long) shape.rows() * shape.columns();
  }

  private static KernelTable table(WeightShape shape, List<Kernel> kernels, Source source) {
    return new KernelTable(shape.rows(), shape.columns(), "none", shape.weights(), kernels, source);
  }

  private static String name(WeightShape shape) {
    return "none %dx%d".formatted(shape.rows(), shape.columns());
  }
}
