package dev.outcrop.k8s.testing;

import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.ScalingSource;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Conclusions that a test sets. */
public final class FakeSource implements ScalingSource {
  public static final Instant AT = Instant.parse("2026-11-21T12:00:00Z");

  private final Set<String> models;
  private final Map<String, Scaling> latest = new ConcurrentHashMap<>();
  private final CopyOnWriteArrayList<Consumer<Scaling>> listeners = new CopyOnWriteArrayList<>();

  public FakeSource(String... models) {
    this.models = Set.of(models);
  }

  /** A new conclusion, of a model whose pods are idle but for its replicas. */
  public void conclude(String model, int replicas, boolean active) {
    conclude(new Scaling(model, AT, replicas, active, new Scaling.Totals(1, 0, 0, 0, 0, 0, 0, 0)));
  }

  /** A new conclusion. */
  public void conclude(Scaling scaling) {
    latest.put(scaling.model(), scaling);
    listeners.forEach(listener -> listener.accept(scaling));
  }

  /** The last reading of a model is too old now. */
  public void forget(String model) {
    latest.remove(model);
  }

  /** How many listen. */
  public int listeners() {
    return listeners.size();
  }

  @Override
  public Set<String> models() {
    return models;
  }

  @Override
  public Optional<Scaling> latest(String model) {
    return Optional.ofNullable(latest.get(model));
  }

  @Override
  public AutoCloseable listen(Consumer<Scaling> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
