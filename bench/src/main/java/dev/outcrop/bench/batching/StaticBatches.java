package dev.outcrop.bench.batching;

import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of requests that start together, in the order of arrival; the next batch starts when the
 * longest request of this one is done. A batch of one is one request at a time.
 *
 * @param name its name in results
 * @param batch requests that start together
 * @param shrinking whether a request that is done leaves. If not, its row is computed until the
 *     batch is over, as padding.
 */
record StaticBatches(String name, int batch, boolean shrinking) implements Way {
  @Override
  public void run(Recorder recorder) {
    int requests = recorder.trace().size();
    StepPlan plan = new StepPlan();
    for (int first = 0; first < requests; first += batch) {
      int end = Math.min(first + batch, requests);
      if (end == requests) {
        recorder.nobodyWaits();
      }
      run(recorder, plan, first, end);
    }
  }

  private void run(Recorder recorder, StepPlan plan, int first, int end) {
    List<Trace.Request> together = recorder.trace().requests().subList(first, end);
    KvGeometry geometry = recorder.engine().geometry();
    int longest = Trace.longest(together);
    int[][] tokens = new int[together.size()][];
    int[] slot = new int[together.size()];
    int free = 0;
    for (int i = 0; i < tokens.length; i++) {
      int room = together.get(i).promptTokens() + longest;
      tokens[i] = Arrays.copyOf(recorder.prompt(first + i), room);
      slot[i] = free;
      free += geometry.unitsFor(room) * geometry.unitTokens();
    }
    for (int step = 0; step < longest; step++) {
      plan.clear();
      for (int i = 0; i < tokens.length; i++) {
        if (computed(together.get(i), step)) {
          row(plan, tokens[i], slot[i], together.get(i).promptTokens(), step);
        }
      }
      StepResult.Sampled result = recorder.step(plan);
      int row = 0;
      for (int i = 0; i < tokens.length; i++) {
        Trace.Request request = together.get(i);
        if (computed(request, step)) {
          int token = result.tokens()[row++];
          tokens[i][request.promptTokens() + step] = token;
          if (step < request.outputTokens()) {
            recorder.token(first + i, token);
          }
        }
      }
    }
  }

  private boolean computed(Trace.Request request, int step) {
    return !shrinking || step < request.outputTokens();
  }

  private static void row(StepPlan plan, int[] tokens, int slot, int promptTokens, int step) {
    int length = promptTokens + step;
    int from = step == 0 ? 0 : length - 1;
    plan.row(from);
    plan.tokens(tokens, from, length - from);
    plan.segment(slot, length);
    plan.sample(Sampling.GREEDY, tokens, promptTokens, length);
  }
}
