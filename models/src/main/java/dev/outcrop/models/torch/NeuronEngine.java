package dev.outcrop.models.torch;

import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledFacts;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.neuron.BundleManifest;
import dev.outcrop.models.neuron.CoreClaim;
import dev.outcrop.models.neuron.NeuronBundle;
import dev.outcrop.models.neuron.NeuronHost;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that was compiled ahead of time to fixed shapes, for Neuron cores or, as their
 * stand-in, for the processor. KV stays on the device: a slot for every sequence, a unit of the
 * geometry each. A plan has to name a compiled shape ({@link StepPlan#shape}); what tokens are
 * chosen from comes back as logits, and choosing is the same as in {@link TorchEngine}.
 */
public final class NeuronEngine implements Engine {
  private static final double SECOND = 1e9;

  private final @Nullable CoreClaim claim;
  private final CompiledProgram program;
  private final TorchProgram sampling;
  private final CompiledShapes shapes;
  private final KvGeometry geometry;
  private final CompiledStep step;
  private final StepChoice choice;
  private final int vocabulary;
  private final CompiledFacts facts;

  private NeuronEngine(
      NeuronBundle bundle,
      @Nullable CoreClaim claim,
      CompiledProgram program,
      TorchProgram sampling,
      CompiledStep step,
      double loadSeconds) {
    BundleManifest manifest = bundle.manifest();
    this.claim = claim;
    this.program = program;
    this.sampling = sampling;
    this.shapes = manifest.shapes();
    this.step = step;
    this.vocabulary = bundle.config().vocabularySize();
    this.choice = new StepChoice(vocabulary);
    this.geometry =
        new KvGeometry(
            shapes.longest(),
            manifest.slots(),
            bundle.config().kvNumbersPerToken() * manifest.elementBytes(),
            bundle.config().maxPosition());
    long scratch = manifest.slots() + 1L; // slots, and one for what only pads
    int copies = bundle.config().attention().kvCopies(manifest.ranks());
    this.facts =
        new CompiledFacts(
            manifest.compileSeconds(),
            loadSeconds,
            bundle.weightBytes() + copies * scratch * shapes.longest() * geometry.bytesPerToken());
  }

  /**
   * Opens a bundle. Takes as long as reading its files once and bringing every shape to the device.
   *
   * @param host what this process has for Neuron; not asked for a stand-in
   * @param threads threads that one operator on the processor may use; 0 leaves it to libtorch
   * @param heed is run again and again while it loads; what it throws ends the loading
   * @throws OutcropException where the bundle cannot run here, with what to do about it
   */
  public static NeuronEngine open(
      NeuronBundle bundle, NeuronHost host, int threads, Runnable heed) {
    if (bundle.manifest().backend() == BundleManifest.Backend.CPU) {
      return load(bundle, null, threads, heed);
    }
    String cores = host.coresFor(bundle.manifest());
    CoreClaim claim = CoreClaim.take(bundle.folder(), cores);
    boolean loaded = false;
    try {
      requireNatives(host);
      // Neuron's runtime reads it when the first program comes to a device; libtorch and its
      // libraries are loaded by now and read nothing meanwhile.
      if (cores != null) {
        NativeEnvironment.offer(NeuronHost.VISIBLE_CORES, cores);
      }
      NeuronEngine engine = load(bundle, claim, threads, heed);
      loaded = true;
      return engine;
    } finally {
      if (!loaded) {
        claim.close();
      }
    }
  }

  /** Loads libtorch with Neuron's library beside it, or waits until somebody else has. */
  private static void requireNatives(NeuronHost host) {
    try {
      TorchProgram.version();
    } catch (OutcropException e) {
      throw host.unloadable(e);
    }
  }

  private static NeuronEngine load(
      NeuronBundle bundle, @Nullable CoreClaim claim, int threads, Runnable heed) {
    bundle.requireLibtorch(TorchProgram.version());
    return LoadingThread.call(
        () -> {
          long began = System.nanoTime();
          if (threads > 0) {
            TorchProgram.threads(threads);
          }
          CompiledStep step =
              new CompiledStep(bundle.manifest().shapes(), bundle.manifest().slots());
          CompiledProgram program = CompiledProgram.open(bundle, step, heed);
          try {
            TorchProgram sampling = TorchProgram.load(samplingText(bundle));
            double seconds = (System.nanoTime() - began) / SECOND;
            return new NeuronEngine(bundle, claim, program, sampling, step, seconds);
          } catch (RuntimeException e) {
            program.close();
            throw e;
          }
        });
  }

  private static String samplingText(NeuronBundle bundle) {
    int vocabulary = bundle.config().vocabularySize();
    int chunk = DecoderProgram.chunk(vocabulary);
    return new ProgramText()
        .flag("cuda", false)
        .flag("chunks", chunk > 1)
        .value("vocabulary", vocabulary)
        .value("chunk", chunk)
        .value("chunks", vocabulary / chunk)
        .read("host_sampling.torchscript", "sampling.torchscript");
  }

  @Override
  public KvGeometry geometry() {
    return geometry;
  }

  @Override
  public CompiledShapes shapes() {
    return shapes;
  }

  @Override
  public CompiledFacts compiled() {
    return facts;
  }

  @Override
  public Pending submit(StepPlan plan) {
    StepResult result = run(plan);
    return () -> result;
  }

  private StepResult run(StepPlan plan) {
    try {
      if (plan.rows() == 0) {
        return StepChoice.nothingSampled(0);
      }
      step.fill(plan);
      choice.fill(plan);
      try (CompiledProgram.Result result = program.forward(step)) {
        return choose(plan, result);
      }
    } catch (OutcropException e) {
      return new StepResult.Failed(e);
    } catch (RuntimeException e) { // also of results that are not what a program should return
      return TorchEngine.failed(e);
    }
  }

  private StepResult choose(StepPlan plan, CompiledProgram.Result result) {
    if (choice.size() == 0) {
      return StepChoice.nothingSampled(plan.results());
    }
    @Nullable KeptValue greedy = result.greedy();
    if (greedy != null && choice.greedy()) {
      int[] tokens = greedy.integers();
      long[] chosen = new long[choice.size()];
      for (int i = 0; i < chosen.length; i++) {
        int token = tokens[choice.row(i)];
        // A device has no branch for logits that are not finite: it names a token that is none.
        chosen[i] = token >= 0 && token < vocabulary ? token : StepResult.ROW_FAILED;
      }
      return choice.greedy(plan, chosen);
    }
    return choice.choose(
        plan, sampling, sampling.share(result.logits()), IValue.listFrom(new long[0]), row -> row);
  }

  @Override
  public void close() {
    try (CoreClaim _ = claim;
        CompiledProgram _ = program) {
      sampling.close();
    }
  }
}
