package dev.outcrop.serving.plan;

import dev.outcrop.serving.prices.Instance;
import java.util.Comparator;
import java.util.Optional;

/**
 * What an instance would do with a model by the roofline: computed, not measured. All devices are
 * busy, requests are all alike, and nobody waits in a queue.
 *
 * @param layout how the model lies there
 * @param share what the engine is assumed to reach
 * @param traffic the requests
 * @param batch sequences of a step
 * @param ttft seconds to the first token with nobody ahead
 * @param tpot seconds from one token to the next, with prompts of others in between
 * @param requestsPerSecond requests that the instance finishes
 * @param times how a request's time is made up
 */
public record Estimate(
    Layout layout,
    Share share,
    Traffic traffic,
    int batch,
    double ttft,
    double tpot,
    double requestsPerSecond,
    Times times) {
  /** The most sequences of a step; beyond, steps grow as fast as what they bring. */
  private static final int MOST_BATCH = 512;

  /**
   * Device time of one request.
   *
   * @param prompt seconds for the prompt tokens that are computed
   * @param cached seconds for those that are not
   * @param decode seconds for the answer, its part of steps that it shares
   */
  public record Times(double prompt, double cached, double decode) {
    /** All of it. */
    public double all() {
      return prompt + cached + decode;
    }
  }

  /**
   * Estimates the layout that finishes most requests, with the largest batch that memory holds and
   * that keeps the promise.
   *
   * @return nothing where the model does not fit, or one sequence alone breaks the promise
   */
  public static Optional<Estimate> of(
      ModelWork work, Instance instance, Share share, Traffic traffic, Slo slo) {
    Roof roof = Roof.of(instance.device(), share);
    return Layout.all(work, instance, traffic.tokens()).stream()
        .flatMap(layout -> of(work, layout.roof(roof), layout, share, traffic, slo).stream())
        .max( // of equal ones that on fewer devices
            Comparator.comparingDouble(Estimate::requestsPerSecond)
                .thenComparingInt(each -> -each.layout.devicesPerReplica()));
  }

  /**
   * The same of one layout.
   *
   * @param roof of what works on a step at the same time
   */
  static Optional<Estimate> of(
      ModelWork work, Roof roof, Layout layout, Share share, Traffic traffic, Slo slo) {
    double sequences = layout.kvTokens() / traffic.tokens();
    double room = sequences / layout.stages();
    int most = (int) Math.max(1, Math.min(MOST_BATCH, room));
    Estimate best = null;
    int low = 1;
    int high = most;
    while (low <= high) { // times only grow with the batch
      int middle = (low + high) >>> 1;
      Estimate tried = at(work, roof, layout, share, traffic, middle);
      if (tried.tpot <= slo.tpot() && tried.ttft <= slo.ttft()) {
        best = tried;
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return Optional.ofNullable(best);
  }

  private static Estimate at(
      ModelWork work, Roof roof, Layout layout, Share share, Traffic traffic, int batch) {
    Times times = times(work, roof, traffic, batch);
    double step = times.decode * batch / traffic.outputTokens();
    double prompt = times.prompt + times.cached;
    // Stages of a split model work on as many steps at a time, where there is KV for them.
    double sequences = Math.floor(layout.kvTokens() / traffic.tokens());
    double inFlight = Math.min(layout.stages(), Math.max(1, sequences / batch));
    double devices = layout.replicas() * inFlight;
    return new Estimate(
        layout,
        share,
        traffic,
        batch,
        prompt + step,
        step + prompt * (batch - 1) / traffic.outputTokens(),
        devices / times.all(),
        times);
  }

  /** The time of a request on one device, in a batch of others like it. */
  public static Times times(ModelWork work, Roof roof, Traffic traffic, double batch) {
    double seen = traffic.inputTokens() + traffic.outputTokens() / 2;
    return new Times(
        roof.promptSeconds(work, traffic.computed()),
        (traffic.inputTokens() - traffic.computed()) * roof.cachedSeconds(work),
        traffic.outputTokens() * roof.decodeSeconds(work, batch, seen) / batch);
  }

  /** Tokens a second at full load. */
  public TokenRates rates() {
    return new TokenRates(
        requestsPerSecond * traffic.inputTokens(),
        requestsPerSecond * traffic.inputTokens() * traffic.cachedShare(),
        requestsPerSecond * traffic.outputTokens());
  }
}
