package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.watch.ModelView.SeenPod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the leader's writes on a thread of its own, after the latest reading only: an API server
 * that is slow or away does not keep pods from being read.
 */
final class Writer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Writer.class);

  private static final Duration LONGEST_WRITE = Duration.ofSeconds(10);

  private final Fence fence;
  private final @Nullable ReplicasMap replicas;
  private final @Nullable DeletionCosts costs;
  private final Thread thread = Thread.ofVirtual().name("writer").unstarted(this::run);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable List<ModelView> next;
  private boolean closed;

  Writer(Fence fence, @Nullable ReplicasMap replicas, @Nullable DeletionCosts costs) {
    this.fence = fence;
    this.replicas = replicas;
    this.costs = costs;
  }

  void start() {
    thread.start();
  }

  /** Takes what was read last; what came before and is not written yet is forgotten. */
  void offer(List<ModelView> views) {
    lock.lock();
    try {
      next = views;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    List<ModelView> views;
    while ((views = take()) != null) {
      try {
        write(views);
      } catch (RuntimeException e) {
        LOG.error("a write failed", e);
      }
    }
  }

  private @Nullable List<ModelView> take() {
    lock.lock();
    try {
      while (next == null && !closed) {
        changed.awaitUninterruptibly();
      }
      List<ModelView> taken = closed ? null : next;
      next = null;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Writes what has changed, if this process leads. */
  void write(List<ModelView> views) {
    if (!fence.open()) {
      if (replicas != null) {
        replicas.forget();
      }
      return;
    }
    if (replicas != null) {
      Map<String, Integer> live = new LinkedHashMap<>();
      views.forEach(view -> live.put(view.model().workload(), view.live()));
      replicas.tell(live);
    }
    if (costs != null) {
      Map<String, SeenPod> pods = new LinkedHashMap<>();
      views.forEach(
          view -> view.pods().forEach(pod -> pods.merge(pod.facts().uid(), pod, Writer::busier)));
      costs.mark(new ArrayList<>(pods.values()));
    }
  }

  /** A pod that serves several models counts by the one it does most for. */
  private static SeenPod busier(SeenPod one, SeenPod other) {
    if (one instanceof SeenPod.Answering a && other instanceof SeenPod.Answering b) {
      return WorkClass.of(a.signals()).compareTo(WorkClass.of(b.signals())) >= 0 ? one : other;
    }
    return one instanceof SeenPod.Answering ? other : one;
  }

  /** Waits until a write that has begun is over; none begins afterwards. */
  @Override
  public void close() {
    fence.shut();
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      if (thread.getState() != Thread.State.NEW) {
        thread.join(LONGEST_WRITE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
