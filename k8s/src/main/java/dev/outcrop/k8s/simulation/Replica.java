package dev.outcrop.k8s.simulation;

import dev.outcrop.k8s.PodSignals;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A replica that steps as the server's scheduler does: prompts run in chunks beside the decodes, in
 * order of arrival, and a request starts when all of its KV is free. Times are seconds since the
 * beginning.
 */
final class Replica {
  private static final double MEMORY = 0.1;

  private final Device device;
  private final Slo slo;
  private final Consumer<Outcome.Answer> firstToken;
  private final Deque<Trace.Request> waiting = new ArrayDeque<>();
  private final Deque<Trace.Request> prefilling = new ArrayDeque<>();
  private final PriorityQueue<Decode> decoding =
      new PriorityQueue<>((a, b) -> Long.compare(a.lastStep, b.lastStep));
  private final Deque<Trace.Request> prefilled = new ArrayDeque<>();
  private final String name;
  private final double created;
  private final double readyAt;
  private boolean leaving;
  private boolean stepping;
  private long step;
  private int headLeft;
  private double contextTokens;
  private int kvHeld;
  private long promptTokensLeft;
  private long promptTokensRun;
  private int chunk;
  private double prefillTime;
  private double prefillTokens;

  Replica(
      String name,
      Device device,
      double created,
      double readyAt,
      Slo slo,
      Consumer<Outcome.Answer> firstToken) {
    this.name = name;
    this.device = device;
    this.created = created;
    this.readyAt = readyAt;
    this.slo = slo;
    this.firstToken = firstToken;
  }

  /** A request that decodes until a step. */
  private record Decode(Trace.Request request, long lastStep) {}

  String name() {
    return name;
  }

  double created() {
    return created;
  }

  double readyAt() {
    return readyAt;
  }

  boolean ready(double now) {
    return now >= readyAt;
  }

  boolean takes(double now) {
    return ready(now) && !leaving;
  }

  boolean leaving() {
    return leaving;
  }

  /** It takes no more requests and ends when it has none. */
  void leave() {
    leaving = true;
  }

  int running() {
    return prefilling.size() + decoding.size();
  }

  int waiting() {
    return waiting.size();
  }

  int outstanding() {
    return running() + waiting();
  }

  boolean stepping() {
    return stepping;
  }

  void add(Trace.Request request) {
    waiting.add(request);
    promptTokensLeft += request.promptTokens();
  }

  /** Begins a step; returns when it ends. */
  double begin(double now) {
    stepping = true;
    int decodes = decoding.size();
    int budget = device.promptTokens(decodes, contextTokens);
    chunk = 0;
    while (chunk < budget && admitted()) {
      int ran = Math.min(budget - chunk, headLeft);
      chunk += ran;
      headLeft -= ran;
      if (headLeft == 0) {
        prefilled.add(prefilling.remove());
      }
    }
    double seconds = device.stepSeconds(decodes + chunk, contextTokens);
    learn(decodes, seconds);
    return now + seconds;
  }

  /** Whether a prompt has begun, or one can. */
  private boolean admitted() {
    if (headLeft > 0) {
      return true;
    }
    Trace.Request next = waiting.peek();
    if (next == null
        || running() + prefilled.size() >= device.maxRunning()
        || kvHeld + kv(next) > device.kvTokens()) {
      return false;
    }
    kvHeld += kv(next);
    headLeft = next.promptTokens();
    prefilling.add(waiting.remove());
    return true;
  }

  private static int kv(Trace.Request request) {
    return request.promptTokens() + request.completionTokens();
  }

  /** As the server learns it from its steps. */
  private void learn(int decodes, double seconds) {
    if (chunk == 0) {
      return;
    }
    double alone = decodes == 0 ? 0 : device.stepSeconds(decodes, contextTokens);
    double took = Math.max(seconds * chunk / (chunk + decodes), seconds - alone);
    double memory = prefillTokens == 0 ? 1 : MEMORY;
    prefillTime += memory * (took - prefillTime);
    prefillTokens += memory * (chunk - prefillTokens);
  }

  /** Ends the step that was begun. */
  void end(double now) {
    stepping = false;
    step++;
    promptTokensLeft -= chunk;
    promptTokensRun += chunk;
    contextTokens += decoding.size();
    for (Decode first = done(); first != null; first = done()) {
      decoding.remove();
      contextTokens -= kv(first.request);
      kvHeld -= kv(first.request);
    }
    for (Trace.Request request; (request = prefilled.poll()) != null; ) {
      double ttft = now - request.arrival();
      firstToken.accept(new Outcome.Answer(request, ttft));
      slo.count(now, ttft);
      if (request.completionTokens() == 1) {
        kvHeld -= kv(request);
      } else {
        contextTokens += request.promptTokens() + 1;
        decoding.add(new Decode(request, step + request.completionTokens() - 1));
      }
    }
  }

  private @Nullable Decode done() {
    Decode first = decoding.peek();
    return first != null && first.lastStep <= step ? first : null;
  }

  /** What its metrics page would say. */
  PodSignals signals(double now) {
    double context = decoding.isEmpty() ? 0 : contextTokens / decoding.size();
    return new PodSignals(
        true,
        true,
        running(),
        waiting(),
        waiting() + prefilling.size(),
        promptTokensLeft,
        (double) kvHeld / device.kvTokens(),
        new PodSignals.Pace(
            prefillTokens == 0 ? 0 : prefillTokens / prefillTime,
            context == 0 ? 0 : device.knee(context),
            0,
            promptTokensRun),
        new PodSignals.Burn(slo.burn(now), 0));
  }
}
