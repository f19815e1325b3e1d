package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.ScalingSource;
import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.policy.Decision;
import dev.outcrop.k8s.policy.PolicyState;
import dev.outcrop.k8s.policy.ReplicaPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the pods of all models and concludes how many replicas each needs. Every replica of this
 * process does so, whether it leads or not. {@link #poll} is called by one thread; the rest is safe
 * for any.
 */
final class Watch implements ScalingSource {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  /** A conclusion is acted on until this many polls were missed, but for as long as this. */
  private static final int FRESH_POLLS = 3;

  private static final Duration LEAST_FRESH = Duration.ofSeconds(15);

  private final Map<String, Followed> models = new LinkedHashMap<>();
  private final Map<String, Conclusion> latest = new ConcurrentHashMap<>();
  private final List<Consumer<Scaling>> listeners = new CopyOnWriteArrayList<>();
  private final PodDirectory directory;
  private final Function<String, OptionalInt> replicas;
  private final PodPoll poll;
  private final InstantSource clock;
  private final Duration fresh;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** A model and what its policy remembers. */
  private static final class Followed {
    final ModelConfig model;
    final ReplicaPolicy policy;
    PolicyState state = PolicyState.START;

    Followed(ModelConfig model) {
      this.model = model;
      this.policy = new ReplicaPolicy(model.policy());
    }
  }

  /** What was seen of a model and concluded from it. */
  record Conclusion(ModelView view, Decision decision) {}

  /**
   * Creates one.
   *
   * @param replicas how many replicas a workload is told to have, where that is known
   */
  Watch(
      List<ModelConfig> models,
      Duration interval,
      PodDirectory directory,
      Function<String, OptionalInt> replicas,
      PodPoll poll,
      InstantSource clock) {
    models.forEach(model -> this.models.put(model.id(), new Followed(model)));
    this.directory = directory;
    this.replicas = replicas;
    this.poll = poll;
    this.clock = clock;
    Duration some = interval.multipliedBy(FRESH_POLLS);
    this.fresh = some.compareTo(LEAST_FRESH) > 0 ? some : LEAST_FRESH;
  }

  /**
   * Reads the pods of every model whose pods are known.
   *
   * @return what was seen
   */
  List<ModelView> poll() throws InterruptedException {
    List<Callable<ModelView>> tasks = new ArrayList<>();
    for (Followed followed : models.values()) {
      Optional<List<PodFacts>> pods = directory.pods(followed.model);
      pods.ifPresent(known -> tasks.add(() -> conclude(followed, known)));
    }
    List<ModelView> views = new ArrayList<>();
    for (Future<ModelView> view : threads.invokeAll(tasks)) {
      try {
        views.add(view.get());
      } catch (ExecutionException e) {
        LOG.error("the pods of a model could not be read", e.getCause());
      }
    }
    return views;
  }

  private ModelView conclude(Followed followed, List<PodFacts> pods) throws InterruptedException {
    ModelConfig model = followed.model;
    int staying =
        Math.toIntExact(pods.stream().filter(pod -> pod.phase() != PodFacts.Phase.LEAVING).count());
    int told = replicas.apply(model.workload()).orElse(staying);
    Instant at = clock.instant();
    ModelView view = poll.read(model, at, told, pods);
    ReplicaPolicy.Step step = followed.policy.step(followed.state, view.reading());
    followed.state = step.state();
    Conclusion before = latest.put(model.id(), new Conclusion(view, step.decision()));
    Scaling scaling = step.decision().scaling();
    if (before == null
        || before.decision.scaling().desiredReplicas() != scaling.desiredReplicas()) {
      LOG.info(
          "{} should have {} replicas, is told to have {}: {}",
          model.id(),
          scaling.desiredReplicas(),
          told,
          Reasons.text(step.decision()));
    }
    listeners.forEach(listener -> tell(listener, scaling));
    return view;
  }

  private static void tell(Consumer<Scaling> listener, Scaling scaling) {
    try {
      listener.accept(scaling);
    } catch (RuntimeException e) {
      LOG.error("a listener failed", e);
    }
  }

  @Override
  public Set<String> models() {
    return models.keySet();
  }

  @Override
  public Optional<Scaling> latest(String model) {
    return conclusion(model).map(each -> each.decision.scaling());
  }

  /** What was seen and concluded last, unless it is too old to act on. */
  Optional<Conclusion> conclusion(String model) {
    return Optional.ofNullable(latest.get(model))
        .filter(each -> !each.view.at().plus(fresh).isBefore(clock.instant()));
  }

  /** Whether the pods of every model have been read once. */
  boolean hasReadAll() {
    return latest.keySet().containsAll(models.keySet());
  }

  @Override
  public AutoCloseable listen(Consumer<Scaling> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
