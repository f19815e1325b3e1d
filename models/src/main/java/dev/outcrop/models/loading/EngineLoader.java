package dev.outcrop.models.loading;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.torch.ElementType;
import dev.outcrop.models.torch.TorchDevice;
import dev.outcrop.models.torch.TorchEngine;
import dev.outcrop.models.torch.TorchOptions;
import dev.outcrop.models.torch.WeightFormat;
import dev.outcrop.models.weights.Checkpoint;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Makes engines that run real weights. Loading blocks for as long as it takes to read the files;
 * any thread may do it, the engine then belongs to one.
 */
public final class EngineLoader {
  private EngineLoader() {}

  /**
   * Opens a checkpoint. Weights are mapped and laid out for the kernels; the files must not change
   * while the engine lives.
   *
   * @throws dev.outcrop.models.OutcropException when a tensor is missing or has the wrong shape;
   *     the message names file and tensor
   */
  public static Engine open(DecoderConfig config, Checkpoint checkpoint, EngineOptions options) {
    return open(config, checkpoint, options, () -> {});
  }

  /**
   * The same, beside other work that may fail meanwhile.
   *
   * @param heed tells so, by what it throws; asked before each tensor is read, by the thread that
   *     loads
   */
  static Engine open(
      DecoderConfig config, Checkpoint checkpoint, EngineOptions options, Runnable heed) {
    return TorchEngine.open(config, checkpoint, torch(options), heed);
  }

  /**
   * Begins to load libtorch, which no engine can be made without. Whoever begins has to wait for it
   * before the process may end: libtorch does not bear to be unloaded meanwhile.
   */
  static CompletableFuture<Void> begin() {
    return TorchEngine.begin();
  }

  /**
   * Handles of libtorch that are open in this process: none while no engine runs a step. From any
   * thread.
   */
  public static long openHandles() {
    return TorchEngine.openHandles();
  }

  /** How many tokens of KV fit into so many bytes. */
  public static int kvTokens(DecoderConfig config, ComputeType type, long bytes) {
    long perToken = config.kvNumbersPerToken() * element(type).bytes();
    return Math.clamp(bytes / perToken, 1, Integer.MAX_VALUE);
  }

  /**
   * Logits after every token of one sequence, for inspection and tests.
   *
   * @param tokenIds the sequence
   * @param chunk how many tokens to run at once
   * @return float32, one row of vocabulary size per token
   */
  public static float[][] logits(
      DecoderConfig config, Checkpoint checkpoint, ComputeType type, int[] tokenIds, int chunk) {
    EngineOptions options = new EngineOptions(type, tokenIds.length, 0);
    return logits(config, checkpoint, options, tokenIds, chunk);
  }

  /** The same with an engine set up by options, whose KV has to hold the sequence. */
  public static float[][] logits(
      DecoderConfig config,
      Checkpoint checkpoint,
      EngineOptions options,
      int[] tokenIds,
      int chunk) {
    try (TorchEngine engine = TorchEngine.open(config, checkpoint, torch(options))) {
      float[][] logits = new float[tokenIds.length][];
      StepPlan plan = new StepPlan();
      for (int from = 0; from < tokenIds.length; from += chunk) {
        int count = Math.min(chunk, tokenIds.length - from);
        plan.clear();
        plan.row(from);
        plan.form(engine.ropeForm(tokenIds.length));
        plan.tokens(tokenIds, from, count);
        plan.segment(0, from + count);
        System.arraycopy(engine.logits(plan), 0, logits, from, count);
      }
      return logits;
    }
  }

  /**
   * Loads a checkpoint's weights and chooses kernels for them.
   *
   * @return a choice for each shape; none where nothing can be chosen
   */
  public static TunedChoices kernels(
      DecoderConfig config, Checkpoint checkpoint, EngineOptions options) {
    try (TorchEngine engine = TorchEngine.open(config, checkpoint, torch(options))) {
      return TunedChoices.of(engine.kernels());
    }
  }

  /** The kernels that an engine chose for its linear layers; none where there is no choice. */
  static List<KernelChoice> kernels(Engine engine) {
    return engine instanceof TorchEngine torch
        ? TunedChoices.of(torch.kernels()).kernels()
        : List.of();
  }

  static TorchOptions torch(EngineOptions options) {
    TorchOptions torch =
        new TorchOptions(
            element(options.type()),
            options.kvTokens(),
            options.threads(),
            TorchOptions.Kernels.BEST,
            format(options.quantization()),
            options.tuning().torch());
    List<TorchDevice> devices = options.devices().stream().map(TorchDevice::parse).toList();
    return devices.isEmpty() ? torch : torch.on(devices);
  }

  static WeightFormat format(Quantization quantization) {
    return switch (quantization) {
      case NONE -> WeightFormat.PLAIN;
      case INT8 -> new WeightFormat(8, 0, false);
      case INT8_DYNAMIC -> new WeightFormat(8, 0, true);
      case INT4, INT4_G32 -> new WeightFormat(4, 32, false);
      case INT4_G64 -> new WeightFormat(4, 64, false);
      case INT4_G128 -> new WeightFormat(4, 128, false);
    };
  }

  static ElementType element(ComputeType type) {
    return switch (type) {
      case FLOAT32 -> ElementType.FLOAT32;
      case BFLOAT16 -> ElementType.BFLOAT16;
    };
  }
}
