package dev.outcrop.serving.cli;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.cost.ModelBill;
import dev.outcrop.serving.cost.StepSplit;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.generate.TextModel;
import dev.outcrop.serving.prices.Prices;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Loads the models of a configuration and owns them until it is closed. Used by one thread. */
final class ModelHost implements AutoCloseable {
  private static final int WARM_UP_PROMPT = 48;
  private static final int WARM_UP_TOKENS = 8;

  private final List<LoadedModel> loaded = new ArrayList<>();
  private final List<Batcher> batchers = new ArrayList<>();
  private final List<ServedModel> served = new ArrayList<>();
  private final List<ServedEncoder> encoders = new ArrayList<>();
  private final Map<String, Double> memory = new LinkedHashMap<>();
  private final CostConfig cost;
  private final Supplier<Prices> prices;
  private final Consumer<String> progress;

  private ModelHost(CostConfig cost, Supplier<Prices> prices, Consumer<String> progress) {
    this.cost = cost;
    this.prices = prices;
    this.progress = progress;
  }

  /** Loads models one after the other; what was loaded is closed again if one fails. */
  static ModelHost load(List<ModelConfig> models) {
    return load(models, what -> {});
  }

  /**
   * The same.
   *
   * @param progress hears what loads, each time before it does
   */
  static ModelHost load(List<ModelConfig> models, Consumer<String> progress) {
    return load(models, CostConfig.DEFAULT, Prices::builtIn, progress);
  }

  /**
   * The same.
   *
   * @param cost tells what device their steps are priced on
   * @param prices the server's table
   */
  static ModelHost load(
      List<ModelConfig> models,
      CostConfig cost,
      Supplier<Prices> prices,
      Consumer<String> progress) {
    ModelHost host = new ModelHost(cost, prices, progress);
    try {
      models.forEach(host::add);
      return host;
    } catch (RuntimeException e) {
      host.close();
      throw e;
    }
  }

  private void add(ModelConfig config) {
    progress.accept(config.id());
    if (LoadedEncoder.isEncoder(config.path())) {
      encoders.add(EncoderHost.load(config, options(config)));
      memory.put(config.id(), ModelMemory.ofEncoder(config.path(), options(config)));
    } else {
      addGenerator(config);
    }
  }

  private void addGenerator(ModelConfig config) {
    LoadedModel model = LoadedModel.open(config.path(), options(config));
    loaded.add(model);
    requireShapes(config.id(), config.batching().shapes(), model.engine().shapes());
    KvGeometry kv = model.engine().geometry();
    memory.put(config.id(), ModelMemory.of(config.path(), config.quantization(), model.info(), kv));
    Batcher batcher =
        Batchers.start(
            config.id(),
            model.engine(),
            config.batching(),
            System::nanoTime,
            Batchers.DEFAULT_UNKNOWN_STEP,
            StepSplit.of(config, cost, prices, System.getenv()));
    batchers.add(batcher);
    progress.accept(config.id() + ", first generation");
    TextModel text =
        new CheckpointText(model, format(config, model), Clock.system(ZoneId.systemDefault()));
    warmUp(
        config.id(),
        batcher,
        text.detokenizer(),
        firstRequest(firstPrompt(text), kv, config.batching()));
    served.add(
        new ServedModel(
            config.id(), config.aliases(), batcher, text, defaults(model.defaultSampling())));
  }

  /** What was compiled runs its own shapes, whatever the configuration says. */
  static void requireShapes(String id, CompiledShapes wanted, CompiledShapes compiled) {
    if (compiled.fixed() && wanted.fixed() && !wanted.equals(compiled)) {
      throw new OutcropException(
          ServingError.START_FAILED,
          ("%s: batching.shapes must be left out or be those of the bundle, which was compiled for"
                  + " prefill-tokens %s, decode-rows %s and contexts %s")
              .formatted(id, compiled.prefillTokens(), compiled.decodeRows(), compiled.contexts()));
    }
  }

  /** As much of a prompt and an answer as every limit takes: each model has to generate once. */
  static GenerateRequest firstRequest(int[] prompt, KvGeometry kv, BatchingConfig limits) {
    int fits = Math.min(kv.maxContext(), kv.tokens());
    int half = Math.max(1, Math.min(fits, limits.sharing().tenantTokens()) / 2);
    int length = Math.min(WARM_UP_PROMPT, Math.min(half, limits.maxWaitingTokens()));
    return new GenerateRequest(
        Arrays.copyOf(prompt, length),
        Math.min(WARM_UP_TOKENS, half),
        true,
        Sampling.GREEDY,
        new int[0],
        GenerateRequest.Service.of(ModelBill.WARM_UP, 1));
  }

  /**
   * The first steps of an engine are slow, and so is the first prompt; they are nobody's. What
   * cannot generate once is not ready.
   */
  static void warmUp(
      String id, Batcher batcher, TextModel.Detokenizer detokenizer, GenerateRequest request) {
    switch (batcher.submit(request)) {
      case SubmitResult.Accepted(TokenStream stream) -> {
        try (stream) {
          TokenEvent event = stream.next();
          while (event instanceof TokenEvent.Token token) {
            detokenizer.add(token.id());
            event = stream.next();
          }
          if (event instanceof TokenEvent.Failed(var error)) {
            throw error;
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      case SubmitResult.Rejected(var reason, var message, var _) ->
          throw new OutcropException(
              ServingError.START_FAILED,
              "%s: its limits refuse a prompt of %d tokens with %d to generate: %s, %s"
                  .formatted(id, request.prompt().length, request.maxTokens(), reason, message));
    }
  }

  private static int[] firstPrompt(TextModel text) {
    try {
      return text.encodeChat(List.of(ChatMessage.of("user", "Hello!")), List.of(), Map.of())
          .tokens();
    } catch (OutcropException e) {
      return new int[0]; // a template that takes no such conversation, or none at all
    }
  }

  private static LoadOptions options(ModelConfig config) {
    LoadOptions.Dtype dtype =
        switch (config.dtype()) {
          case AUTO -> LoadOptions.Dtype.AUTO;
          case FLOAT32 -> LoadOptions.Dtype.FLOAT32;
          case BFLOAT16 -> LoadOptions.Dtype.BFLOAT16;
        };
    long kvBytes =
        config.kvMemory().bytes() == 0 ? LoadOptions.DEFAULT.kvBytes() : config.kvMemory().bytes();
    return new LoadOptions(
        dtype,
        kvBytes,
        config.maxContext(),
        config.threads(),
        config.quantization(),
        KernelTuning.of(config.kernelTuning()),
        config.devices());
  }

  private static CompletionFormat format(ModelConfig config, LoadedModel model) {
    CompletionFormat format = model.completionFormat();
    if (config.toolFormat() != ModelConfig.Tools.AUTO) {
      format = format.withTools(ToolFormat.valueOf(config.toolFormat().name()));
    }
    if (config.reasoningFormat() != ModelConfig.Reasoning.AUTO) {
      format = format.withReasoning(ReasoningFormat.valueOf(config.reasoningFormat().name()));
    }
    return format;
  }

  private static SamplingDefaults defaults(Sampling sampling) {
    return new SamplingDefaults(
        sampling.temperature(),
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        sampling.repetitionPenalty());
  }

  /** Bytes that each model takes, by id. */
  Map<String, Double> memory() {
    return Map.copyOf(memory);
  }

  /** The models, ready to serve. */
  List<ServedModel> served() {
    return List.copyOf(served);
  }

  /** The encoders, ready to serve. */
  List<ServedEncoder> encoders() {
    return List.copyOf(encoders);
  }

  @Override
  public void close() {
    encoders.forEach(encoder -> encoder.batcher().close());
    batchers.forEach(Batcher::close);
    loaded.forEach(LoadedModel::close);
  }
}
