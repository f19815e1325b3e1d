package dev.outcrop.bench.batching;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.kv.UnitHashes;
import dev.outcrop.batching.schedule.Flow;
import dev.outcrop.batching.schedule.Limits;
import dev.outcrop.batching.schedule.Scheduler;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.batching.schedule.StepOutcome;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.IdentityHashMap;

/**
 * The server's scheduler, with the server's defaults: whoever is done leaves, and the next one
 * joins in the same step.
 *
 * @param name its name in results
 * @param batch the most requests at a time
 */
record ContinuousBatches(String name, int batch) implements Way {
  private static final int[] NO_STOPS = {};

  @Override
  public void run(Recorder recorder) {
    KvGeometry geometry = recorder.engine().geometry();
    Scheduler scheduler = new Scheduler(geometry, limits());
    IdentityHashMap<Sequence, Integer> numbers = new IdentityHashMap<>();
    Flow flow = new Flow(0, Tier.DEFAULT, 1);
    Sequence.PrefixKey key = new Sequence.PrefixKey(UnitHashes.random(), 0, geometry.unitTokens());
    for (int i = 0; i < recorder.trace().size(); i++) {
      int most = recorder.trace().requests().get(i).outputTokens();
      Sequence sequence =
          new Sequence(
              flow, recorder.prompt(i), most, Sampling.GREEDY, NO_STOPS, Sequence.NEVER, key);
      numbers.put(sequence, i);
      scheduler.add(sequence);
    }
    StepPlan plan = new StepPlan();
    StepOutcome outcome = new StepOutcome();
    while (!scheduler.idle()) {
      scheduler.plan(plan);
      if (scheduler.waiting() == 0) {
        recorder.nobodyWaits();
      }
      StepResult.Sampled result = recorder.step(plan);
      scheduler.apply(result, recorder.lastStepNanos(), outcome);
      for (int entry = 0; entry < outcome.entries(); entry++) {
        Integer number = numbers.get(outcome.sequence(entry));
        if (number == null) {
          throw new IllegalStateException("a sequence of nobody");
        }
        recorder.token(number, outcome.token(entry));
      }
    }
  }

  private Limits limits() {
    BatchingConfig.Sharing sharing = BatchingConfig.Sharing.DEFAULT;
    return new Limits(
        batch,
        0,
        Math.max(batch, BatchingConfig.DEFAULT.maxStepTokens()),
        sharing.tokenInterval().toNanos(),
        sharing.flexFloor(),
        sharing.cacheShare());
  }
}
