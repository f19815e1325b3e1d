package dev.outcrop.serving.metrics;

import dev.outcrop.batching.Signals;
import dev.outcrop.batching.encode.EncodeSignals;
import dev.outcrop.models.engine.CompiledFacts;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.ServerState;
import dev.outcrop.serving.transport.ByteBudget;
import io.prometheus.client.Collector;
import java.util.Collection;
import java.util.List;

/** What is read at the moment of a scrape. */
final class StateCollector extends Collector {
  private final Collection<ServedModel> models;
  private final Collection<ServedEncoder> encoders;
  private final Collection<String> loading;
  private final LifeCycle lifeCycle;
  private final ByteBudget bodies;
  private final boolean vllm;

  StateCollector(
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders,
      Collection<String> loading,
      LifeCycle lifeCycle,
      ByteBudget bodies,
      boolean vllm) {
    this.models = List.copyOf(models);
    this.encoders = List.copyOf(encoders);
    this.loading = List.copyOf(loading);
    this.lifeCycle = lifeCycle;
    this.bodies = bodies;
    this.vllm = vllm;
  }

  @Override
  public List<MetricFamilySamples> collect() {
    Families families = new Families();
    families.add(OutcropMetric.IN_FLIGHT, lifeCycle.inFlight());
    families.add(OutcropMetric.REQUEST_BODY_BYTES, (double) bodies.taken());
    families.add(OutcropMetric.READY, ready() ? 1 : 0);
    for (ServedModel model : models) {
      Signals now = model.batcher().signals();
      String id = model.id();
      families.add(OutcropMetric.MODEL_UP, model.batcher().alive() ? 1 : 0, id);
      families.add(OutcropMetric.RUNNING, now.running(), id);
      families.add(OutcropMetric.WAITING, now.waiting(), id);
      families.add(OutcropMetric.WAITING_PROMPTS, now.waitingPrompts(), id);
      families.add(OutcropMetric.WAITING_PROMPT_TOKENS, (double) now.waitingPromptTokens(), id);
      families.add(OutcropMetric.KV_UNITS_USED, now.kvUnitsReferenced(), id, "referenced");
      families.add(OutcropMetric.KV_UNITS_USED, now.kvUnitsCached(), id, "cached");
      families.add(OutcropMetric.KV_UNITS, now.kvUnits(), id);
      families.add(OutcropMetric.STEPS, (double) now.steps(), id);
      families.add(OutcropMetric.ENGINE_TOKENS, (double) now.promptTokens(), id, "prompt");
      families.add(OutcropMetric.ENGINE_TOKENS, (double) now.completionTokens(), id, "completion");
      addPerformance(families, now, id);
      if (vllm) {
        addAliases(families, now, id);
      }
    }
    encoders.forEach(encoder -> addEncoder(families, encoder));
    loading.forEach(id -> families.add(OutcropMetric.MODEL_UP, 0, id));
    return families.all();
  }

  /** As {@code /readyz} has it. */
  private boolean ready() {
    return lifeCycle.state() instanceof ServerState.Serving
        && models.stream().allMatch(model -> model.batcher().alive())
        && encoders.stream().allMatch(model -> model.batcher().alive());
  }

  /** An encoder has no KV and no decodes; its batches are its steps. */
  private void addEncoder(Families families, ServedEncoder model) {
    EncodeSignals now = model.batcher().signals();
    String id = model.id();
    families.add(OutcropMetric.MODEL_UP, model.batcher().alive() ? 1 : 0, id);
    families.add(OutcropMetric.WAITING, now.waiting(), id);
    families.add(OutcropMetric.WAITING_PROMPTS, now.waiting(), id);
    families.add(OutcropMetric.WAITING_PROMPT_TOKENS, (double) now.waitingTokens(), id);
    families.add(OutcropMetric.STEPS, (double) now.batches(), id);
    families.add(OutcropMetric.ENGINE_TOKENS, (double) now.tokens(), id, "prompt");
    families.add(OutcropMetric.PREFILL_RATE, now.tokensPerSecond(), id);
    if (vllm) {
      families.add(VllmMetric.WAITING, now.waiting(), id);
      families.add(VllmMetric.PROMPT_TOKENS, (double) now.tokens(), id);
    }
  }

  /** A prompt's tokens count when it first starts, once, whatever becomes of it then. */
  private static void addAliases(Families families, Signals now, String id) {
    Signals.Reuse reuse = now.reuse();
    double prompts = (double) reuse.hitTokens() + reuse.missedTokens();
    double use = now.kvUnits() == 0 ? 0 : (double) now.kvUnitsReferenced() / now.kvUnits();
    families.add(VllmMetric.RUNNING, now.running(), id);
    families.add(VllmMetric.WAITING, now.waiting(), id);
    families.add(VllmMetric.KV_USE, use, id);
    families.add(
        VllmMetric.CACHE_CONFIG,
        1,
        id,
        String.valueOf(now.kvUnitTokens()),
        String.valueOf(now.kvUnits()));
    families.add(VllmMetric.LORA, 1, id, "0", "", "");
    families.add(VllmMetric.PROMPT_TOKENS, prompts, id);
    families.add(VllmMetric.GENERATION_TOKENS, (double) now.completionTokens(), id);
    families.add(VllmMetric.PREFIX_QUERIES, prompts, id);
    families.add(VllmMetric.PREFIX_HITS, (double) reuse.hitTokens(), id);
    families.add(VllmMetric.PREEMPTIONS, (double) reuse.preemptions(), id);
    families.add(VllmMetric.DRAFT_TOKENS, (double) now.drafts().drafted(), id);
    families.add(VllmMetric.ACCEPTED_TOKENS, (double) now.drafts().accepted(), id);
  }

  private static void addPerformance(Families families, Signals now, String id) {
    families.add(OutcropMetric.PREFIX_CACHE_TOKENS, (double) now.reuse().hitTokens(), id, "hit");
    families.add(
        OutcropMetric.PREFIX_CACHE_TOKENS, (double) now.reuse().missedTokens(), id, "miss");
    families.add(OutcropMetric.PREEMPTIONS, (double) now.reuse().preemptions(), id);
    families.add(OutcropMetric.DRAFT_TOKENS, (double) now.drafts().drafted(), id);
    families.add(OutcropMetric.ACCEPTED_TOKENS, (double) now.drafts().accepted(), id);
    families.add(OutcropMetric.PADDING_TOKENS, (double) now.paddingTokens(), id);
    CompiledFacts compiled = now.compiled();
    if (compiled != null) {
      families.add(OutcropMetric.COMPILE_SECONDS, compiled.compileSeconds(), id);
      families.add(OutcropMetric.LOAD_SECONDS, compiled.loadSeconds(), id);
      families.add(OutcropMetric.DEVICE_BYTES, (double) compiled.deviceBytes(), id);
    }
    families.add(OutcropMetric.PREFILL_RATE, now.pace().prefillTokensPerSecond(), id);
    families.add(OutcropMetric.DECODE_RATE, now.pace().decodeTokensPerSecond(), id);
    families.add(OutcropMetric.LOAD, now.pace().load(), id);
    families.add(OutcropMetric.DESIRED_REPLICAS, now.pace().desiredReplicas(), id);
    families.add(OutcropMetric.KNEE, now.pace().knee(), id);
    families.add(OutcropMetric.SLO_BURN, now.burn().firstToken(), id, "first_token");
    families.add(OutcropMetric.SLO_BURN, now.burn().tokenInterval(), id, "token_interval");
  }
}
