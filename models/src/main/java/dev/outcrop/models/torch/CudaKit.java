package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;

/**
 * What an engine on a GPU would hand to libtorch, written down for a PyTorch elsewhere: its program
 * and the calls of it. Needs neither a GPU nor libtorch. Used by one thread at a time.
 */
public final class CudaKit {
  private final DecoderConfig config;
  private final TorchOptions options;
  private final Stage stage;
  private final TorchStep step;

  /**
   * Nothing is written yet.
   *
   * @param options with one device, which runs the program for GPUs
   * @throws dev.outcrop.models.OutcropException which names all that GPUs have no kernel for
   */
  public CudaKit(DecoderConfig config, TorchOptions options) {
    if (options.devices().size() != 1 || !CudaEngines.chosen(options)) {
      throw new IllegalArgumentException("a kit is for one device with the program for GPUs");
    }
    CudaEngines.check(config, options);
    this.config = config;
    this.options = options;
    int layers = config.layers().size();
    this.stage = new Stage(0, layers, layers, options.devices().getFirst());
    this.step = new TorchStep(config, true);
  }

  /**
   * A call of a method of the program.
   *
   * @param arguments strings, longs, {@code long[]} for a list of int, a list of these for a list
   *     of lists, {@code long[][]} for a tensor of int64
   */
  public record Call(String method, List<Object> arguments) {
    /** Copies the list. */
    public Call {
      arguments = List.copyOf(arguments);
    }
  }

  /** The device, as libtorch spells it. */
  public String device() {
    return stage.device().text();
  }

  /** The program, without weights: a TorchScript archive. */
  public byte[] archive() {
    return TorchArchive.write(
        DecoderProgram.text(config, options.type(), false, options.weights(), stage));
  }

  /** The calls that make an engine with random weights, see {@link EngineStart}. */
  public List<Call> drawn() {
    return started(calls -> DecoderWeights.draw(calls, config, stage));
  }

  /** The calls that make an engine of a checkpoint, whose files are named as it names them. */
  public List<Call> loaded(Checkpoint checkpoint) {
    return started(
        calls ->
            DecoderWeights.load(
                WeightSource.into(calls, checkpoint, config.packed()), config, stage));
  }

  /** Who gives a program its weights. */
  private interface Filling {
    void fill(WeightCalls calls);
  }

  private List<Call> started(Filling filling) {
    List<Call> calls = new ArrayList<>();
    WeightCalls taken = (method, arguments) -> calls.add(new Call(method, List.of(arguments)));
    filling.fill(taken);
    taken.call("place");
    taken.call("allocate_arena", (long) TorchEngine.geometry(config, options).tokens());
    return calls;
  }

  /** The call that runs a plan of rows that take their most likely token. */
  public Call step(StepPlan plan) {
    step.fill(plan);
    return call("step_greedy", step.sampled(plan));
  }

  /** The call that says the logits after every token of a plan. */
  public Call logits(StepPlan plan) {
    step.fillLayout(plan);
    return call("logits", step.everyToken(plan));
  }

  private Call call(String method, long[] which) {
    return new Call(method, List.of(step.table(), step.layout(), which));
  }
}
