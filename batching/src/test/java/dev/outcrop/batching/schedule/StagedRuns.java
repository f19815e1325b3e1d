package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Drives a scheduler with a fake engine in stages, on simulated time. The engine holds every step's
 * KV against what it should be when the step is submitted, and again when it is awaited; what is
 * published is held against what a request gets alone.
 */
abstract class StagedRuns {
  static final int VOCABULARY = TraceRequest.VOCABULARY;
  static final int POISON = TraceRequest.POISON;

  final StepOutcome outcome = new StepOutcome();
  final List<TraceRequest> requests = new ArrayList<>();
  final Map<Sequence, TraceRequest> bySequence = new HashMap<>();
  final List<Flow> flows = new ArrayList<>();
  final ArrayDeque<Flying> flying = new ArrayDeque<>();
  final List<StepPlan> plans = new ArrayList<>();
  Scheduler scheduler;
  FakeEngine engine;
  long clock;
  int planned;
  int most;

  record Flying(StepPlan plan, Engine.Pending pending, long begin) {}

  void start(KvGeometry geometry, Limits limits, int stages, Roofline roofline) {
    scheduler = new Scheduler(geometry, limits, stages);
    engine =
        new FakeEngine(
                geometry,
                roofline,
                (history, prompt, length) ->
                    history[0] == POISON && length > prompt
                        ? StepResult.ROW_FAILED
                        : TraceRequest.NEXT.next(history, prompt, length),
                FakeEngine.StepFault.NONE,
                nanos -> clock += nanos)
            .inStages(stages, () -> clock);
    plans.clear();
    for (int i = 0; i < stages; i++) {
      plans.add(new StepPlan());
    }
    flows.clear();
    for (int tenant = 0; tenant < 4; tenant++) {
      for (Tier tier : Tier.values()) {
        flows.add(new Flow(tenant, tier, 1 + tenant % 2));
      }
    }
    requests.clear();
    bySequence.clear();
    most = 0;
  }

  /** Plans as many steps as may be in flight, and applies the first. */
  void step() {
    while (flying.size() < scheduler.steps() && begin()) {}
    end();
  }

  boolean begin() {
    StepPlan plan = plans.get(planned % plans.size());
    scheduler.plan(plan, clock);
    if (plan.rows() == 0) {
      assertThat(flying).as("a step has rows unless others are in flight").isNotEmpty();
      return false;
    }
    planned++;
    flying.add(new Flying(plan, engine.submit(plan), clock));
    most = Math.max(most, flying.size());
    return true;
  }

  void end() {
    Flying first = flying.remove();
    StepResult.Sampled result = (StepResult.Sampled) first.pending.await();
    scheduler.apply(result, clock - first.begin, outcome);
    for (int i = 0; i < outcome.entries(); i++) {
      bySequence.get(outcome.sequence(i)).take(outcome, i);
    }
  }

  TraceRequest add(int flow, int[] prompt, int maxTokens, int... stops) {
    TraceRequest request =
        new TraceRequest(
            flows.get(flow), prompt, maxTokens, stops, scheduler.geometry().unitTokens());
    requests.add(request);
    bySequence.put(request.sequence, request);
    scheduler.add(request.sequence);
    return request;
  }

  void runToTheEnd() {
    long left = 1_000;
    for (TraceRequest request : requests) {
      left += request.ends > 0 ? 0 : 6L * (request.prompt.length + request.maxTokens);
    }
    while (!scheduler.idle()) {
      assertThat(left--).as("every step brings something: nobody starves").isPositive();
      step();
    }
    assertThat(flying).isEmpty();
    for (TraceRequest request : requests) {
      assertThat(request.ends).as("every request ends exactly once").isEqualTo(1);
      request.check();
    }
    assertThat(scheduler.kv().referenced()).isZero();
    assertThat(scheduler.counts().promptTokensLeft()).isZero();
    assertThat(scheduler.counts().queuedTokens()).isZero();
    assertThat(scheduler.buffersHeld()).isZero();
    for (Flow flow : flows) {
      assertThat(flow.idle()).isTrue();
    }
  }
}
