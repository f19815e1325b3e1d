package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.PackedWeights;
import dev.outcrop.models.engine.KvGeometry;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes an engine: for each stage a program, its weights, their kernels and the KV arena. Used
 * once, by the thread that loads.
 */
final class EngineStart {
  private static final Logger log = LoggerFactory.getLogger(EngineStart.class);

  private final DecoderConfig config;
  private final TorchOptions options;

  /**
   * Nothing is compiled or read yet.
   *
   * @throws OutcropException where the checkpoint's weights cannot be held as the options say
   */
  EngineStart(DecoderConfig config, TorchOptions options) {
    this.config = config;
    this.options = held(config, options);
  }

  /** As the checkpoint holds the weights, where they were quantised before. */
  private static TorchOptions held(DecoderConfig config, TorchOptions options) {
    PackedWeights packed = config.packed();
    if (packed == null) {
      return options;
    }
    String method = packed.method().name().toLowerCase(Locale.ROOT);
    if (options.weights().quantised()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "the checkpoint's weights are quantised already (%s); quantization must be none"
              .formatted(method));
    }
    return options.with(new WeightFormat(PackedWeights.BITS, packed.group(), false, true));
  }

  /**
   * Makes it.
   *
   * @param shapes of the linear layers of a stage
   * @param fill gives the program of a stage its weights
   */
  TorchEngine start(
      List<Stage> stages,
      Function<Stage, List<WeightShape>> shapes,
      BiConsumer<TorchProgram, Stage> fill) {
    List<TorchProgram> programs = new ArrayList<>();
    Set<KernelTable> kernels = new LinkedHashSet<>();
    TuningBudget budget = new TuningBudget(System::nanoTime);
    try {
      for (Stage stage : stages) {
        Compiled compiled = compiled(stage);
        TorchProgram program = compiled.program;
        programs.add(program);
        if (options.threads() > 0) {
          TorchProgram.threads(options.threads());
        }
        WeightFormat weights = options.weights();
        List<KernelTable> tables = List.of();
        if (compiled.onednn && (!weights.quantised() || weights.stored())) {
          tables = new LayoutTuner(options, budget).tune(program, shapes.apply(stage));
        }
        fill.accept(program, stage);
        if (stage.device().cuda()) {
          program.run("place");
        }
        if (weights.quantised() && !stage.device().cuda()) {
          List<KernelTable> layouts = tables;
          tables = new KernelTuner(program, options, budget).tune();
          tables.replaceAll(table -> chosenBefore(layouts, table));
        }
        kernels.addAll(tables);
      }
      TorchEngine engine =
          new TorchEngine(
              programs, config, options, new TunedKernels(List.copyOf(kernels), budget.spent()));
      programs.forEach(program -> allocateArena(program, engine.geometry()));
      return engine;
    } catch (EngineException e) {
      programs.forEach(TorchProgram::close);
      throw LoadingThread.failure(e);
    } catch (RuntimeException e) {
      programs.forEach(TorchProgram::close);
      throw e;
    }
  }

  /** Of weights that stayed whole, what was chosen with their layout. */
  private static KernelTable chosenBefore(List<KernelTable> layouts, KernelTable table) {
    return layouts.stream().filter(table::sameShape).findFirst().orElse(table);
  }

  private static void allocateArena(TorchProgram program, KvGeometry geometry) {
    try {
      program.run("allocate_arena", IValue.from(geometry.tokens()));
    } catch (EngineException e) {
      throw new OutcropException(
          ModelError.OUT_OF_MEMORY,
          "there is no memory for a KV cache of %d tokens, %d bytes each"
              .formatted(geometry.tokens(), geometry.bytesPerToken()),
          e);
    }
  }

  /** A program, and whether it was written for oneDNN's kernels. */
  private record Compiled(TorchProgram program, boolean onednn) {}

  /** For oneDNN's kernels, or where they refuse this machine, for plain ones. */
  private Compiled compiled(Stage stage) {
    if (stage.device().cuda()) {
      return new Compiled(CudaEngines.program(text(false, stage), stage.device()), false);
    }
    if (options.kernels() == TorchOptions.Kernels.BEST) {
      String text = text(true, stage);
      try {
        return new Compiled(TorchProgram.probed(text), true);
      } catch (EngineException | IllegalStateException e) {
        log.warn("oneDNN does not take {} here; linear layers are slower", options.type(), e);
      }
    }
    return new Compiled(TorchProgram.load(text(false, stage)), false);
  }

  private String text(boolean onednn, Stage stage) {
    return DecoderProgram.text(config, options.type(), onednn, options.weights(), stage);
  }
}
