package dev.outcrop.serving.cli;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads the models of a configuration and owns them until it is closed. Used by one thread. */
final class ModelHost implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelHost.class);
  private static final int WARM_UP_PROMPT = 48;
  private static final int WARM_UP_TOKENS = 8;

  private final List<LoadedModel> loaded = new ArrayList<>();
  private final List<Batcher> batchers = new ArrayList<>();
  private final List<ServedModel> served = new ArrayList<>();
  private final List<ServedEncoder> encoders = new ArrayList<>();

  private ModelHost() {}

  /** Loads models one after the other; what was loaded is closed again if one fails. */
  static ModelHost load(List<ModelConfig> models) {
    ModelHost host = new ModelHost();
    try {
      models.forEach(host::add);
      return host;
    } catch (RuntimeException e) {
      host.close();
      throw e;
    }
  }

  private void add(ModelConfig config) {
    if (LoadedEncoder.isEncoder(config.path())) {
      encoders.add(EncoderHost.load(config, options(config)));
    } else {
      addGenerator(config);
    }
  }

  private void addGenerator(ModelConfig config) {
    LoadedModel model = LoadedModel.open(config.path(), options(config));
    loaded.add(model);
    Batcher batcher =
        Batchers.start(config.id(), model.engine(), config.batching(), System::nanoTime);
    batchers.add(batcher);
    warmUp(batcher, model.info().contextTokens());
    served.add(
        new ServedModel(
            config.id(),
            config.aliases(),
            batcher,
            new CheckpointText(model, format(config, model), Clock.system(ZoneId.systemDefault())),
            defaults(model.defaultSampling())));
  }

  /** The first steps of an engine are slow; they are nobody's. */
  private static void warmUp(Batcher batcher, int contextTokens) {
    int[] prompt = new int[Math.min(WARM_UP_PROMPT, contextTokens / 2)];
    GenerateRequest request =
        new GenerateRequest(
            prompt,
            WARM_UP_TOKENS,
            Sampling.GREEDY,
            new int[0],
            GenerateRequest.Service.of("warm-up", 1));
    switch (batcher.submit(request)) {
      case SubmitResult.Accepted(TokenStream stream) -> {
        try (stream) {
          TokenEvent event = stream.next();
          while (event instanceof TokenEvent.Token) {
            event = stream.next();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      case SubmitResult.Rejected(var reason, var message, var retryAfter) ->
          LOG.warn("no warm-up: {}, {}, retry after {}", reason, message, retryAfter);
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
    return new LoadOptions(dtype, kvBytes, config.maxContext(), config.threads());
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
