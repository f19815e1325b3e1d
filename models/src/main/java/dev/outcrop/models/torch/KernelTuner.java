package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.torch.KernelTable.Kernel;
import dev.outcrop.models.torch.KernelTable.Source;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses the kernels of quantised weights: from what was measured before, or by trying each on the
 * model's own weights, taken in turn so that they are as cold as in a step. Used once, by the
 * thread that loads.
 */
final class KernelTuner {
  private static final int ROUNDS = 3; // the first also pays for what a kernel does once
  private static final double HOPELESS = 1.5;
  private static final int FIELDS = 6; // of a row of shape_table

  private final TorchProgram program;
  private final TorchOptions options;
  private final TuningBudget budget;
  private int turn;

  KernelTuner(TorchProgram program, TorchOptions options, TuningBudget budget) {
    this.program = program;
    this.options = options;
    this.budget = budget;
  }

  /** A shape of a program, in the order of its table. */
  private record Shape(int number, int rows, int columns, int bits, int group, int weights) {
    String format() {
      return switch (bits) {
        case 8 -> "int8";
        case 4 -> "int4-g" + group;
        default -> "none";
      };
    }
  }

  /** Has the program use the best kernels, and tells which. */
  List<KernelTable> tune() {
    long[] numbers = program.runLongs("shape_table");
    KernelCache cache = KernelCache.open(options.tuning().cache(), key(options));
    List<KernelTable> tables = new ArrayList<>();
    List<Shape> unknown = new ArrayList<>();
    boolean unpacks = false;
    for (int i = 0; i * FIELDS < numbers.length; i++) {
      int at = i * FIELDS;
      unpacks = numbers[at + 5] > 0;
      Shape shape =
          new Shape(
              i,
              (int) numbers[at],
              (int) numbers[at + 1],
              (int) numbers[at + 2],
              (int) numbers[at + 3],
              (int) numbers[at + 4]);
      List<Kernel> candidates = candidates(shape, unpacks);
      List<Kernel> known = cache.find(name(shape), candidates);
      boolean open = candidates.size() > 1 && options.tuning().enabled();
      if (open && known == null) {
        unknown.add(shape);
      }
      List<Kernel> kernels =
          open && known != null
              ? known
              : KernelTable.kernels(program.runLongs("kernels_of", IValue.from(i)));
      tables.add(table(shape, kernels, open && known != null ? Source.CACHED : Source.DEFAULT));
    }
    if (!unknown.isEmpty()) {
      long end = budget.begin();
      measured(unknown, tables, unpacks, cache, end)
          .forEach(table -> tables.set(table.number, table.table));
      budget.end();
      cache.write();
    }
    for (int i = 0; i < tables.size(); i++) {
      program.run(
          "use_kernels",
          IValue.from(i),
          IValue.listFrom(KernelTable.numbers(tables.get(i).kernels())));
    }
    return tables;
  }

  private record Numbered(int number, KernelTable table) {}

  private List<Numbered> measured(
      List<Shape> shapes,
      List<KernelTable> defaults,
      boolean unpacks,
      KernelCache cache,
      long end) {
    List<List<Kernel>> chosen = new ArrayList<>();
    List<List<Kernel>> open = new ArrayList<>();
    for (Shape shape : shapes) {
      chosen.add(new ArrayList<>());
      open.add(new ArrayList<>(candidates(shape, unpacks)));
    }
    boolean[] whole = new boolean[shapes.size()];
    Arrays.fill(whole, true);
    for (int bucket = 0; bucket < KernelTable.BUCKETS.size(); bucket++) {
      int rows = KernelTable.BUCKETS.get(bucket);
      List<Map<Kernel, Long>> best = fastest(shapes, open, rows, end);
      for (int i = 0; i < shapes.size(); i++) {
        List<Kernel> candidates = open.get(i);
        Map<Kernel, Long> nanos = best.get(i);
        // What only some of them did says nothing of the others.
        whole[i] &= nanos.keySet().containsAll(candidates);
        Kernel kernel = defaults.get(shapes.get(i).number).kernels().get(bucket);
        if (whole[i] || !candidates.contains(kernel)) {
          kernel = candidates.getFirst();
        }
        if (whole[i]) {
          for (Kernel candidate : candidates) {
            kernel = took(candidate, nanos) < took(kernel, nanos) ? candidate : kernel;
          }
          dropHopeless(candidates, nanos, took(kernel, nanos));
        }
        chosen.get(i).add(kernel);
      }
    }
    List<Numbered> tables = new ArrayList<>();
    for (int i = 0; i < shapes.size(); i++) {
      Shape shape = shapes.get(i);
      Source source = whole[i] ? Source.MEASURED : Source.DEFAULT;
      tables.add(new Numbered(shape.number, table(shape, chosen.get(i), source)));
      if (whole[i]) {
        cache.put(name(shape), chosen.get(i));
      }
    }
    return tables;
  }

  private static long took(Kernel kernel, Map<Kernel, Long> nanos) {
    return nanos.getOrDefault(kernel, Long.MAX_VALUE);
  }

  /** What reads weights as they are only falls further behind with more rows. */
  private static void dropHopeless(List<Kernel> open, Map<Kernel, Long> nanos, long least) {
    open.removeIf(
        kernel ->
            (kernel == Kernel.INT8_PACK || kernel == Kernel.INT4_PACK)
                && took(kernel, nanos) > HOPELESS * least);
  }

  /** The least time of each kernel that is still open, in all rounds; none where the time is up. */
  private List<Map<Kernel, Long>> fastest(
      List<Shape> shapes, List<List<Kernel>> open, int rows, long end) {
    List<Map<Kernel, Long>> best = new ArrayList<>();
    shapes.forEach(_ -> best.add(new EnumMap<>(Kernel.class)));
    for (int i = 0; i < shapes.size(); i++) {
      if (open.get(i).size() == 1) {
        best.get(i).put(open.get(i).getFirst(), 0L);
        continue;
      }
      Map<Kernel, Long> nanos = new EnumMap<>(Kernel.class);
      for (int round = 0; round < ROUNDS; round++) {
        for (Kernel kernel : open.get(i)) {
          long start = budget.now();
          if (start > end) {
            return best;
          }
          run(shapes.get(i), kernel, rows);
          nanos.merge(kernel, budget.now() - start, Math::min);
        }
      }
      best.set(i, nanos);
    }
    return best;
  }

  private void run(Shape shape, Kernel kernel, int rows) {
    program.run(
        "try_kernel",
        IValue.from(shape.number),
        IValue.from(turn++ % shape.weights),
        IValue.from(kernel.number()),
        IValue.from(rows));
  }

  /** Those that read weights as they are come first. */
  private List<Kernel> candidates(Shape shape, boolean unpacks) {
    return switch (shape.bits) {
      case 8 ->
          options.weights().roundsInputs()
              ? List.of(
                  Kernel.INT8_PACK, Kernel.INT8_SPLIT, Kernel.INT8_WIDENED, Kernel.INT8_ROUNDED)
              : List.of(Kernel.INT8_PACK, Kernel.INT8_SPLIT, Kernel.INT8_WIDENED);
      case 4 ->
          unpacks ? List.of(Kernel.INT4_PACK, Kernel.INT4_WIDENED) : List.of(Kernel.INT4_PACK);
      default -> List.of(Kernel.ONEDNN_PACKED);
    };
  }

  private static KernelTable table(Shape shape, List<Kernel> kernels, Source source) {
    return new KernelTable(
        shape.rows, shape.columns, shape.format(), shape.weights, kernels, source);
  }

  /** What choices depend on, besides the shape. */
  static String key(TorchOptions options) {
    return "%s, libtorch %s, %d threads, %s%s"
        .formatted(
            KernelCache.cpu(),
            TorchProgram.version(),
            TorchProgram.threads(),
            options.type(),
            options.weights().roundsInputs() ? ", inputs rounded" : "");
  }

  private static String name(Shape shape) {
    return "%s %dx%d".formatted(shape.format(), shape.rows, shape.columns);
  }
}
