package dev.outcrop.serving.metrics;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.auth.ReloadListener;
import dev.outcrop.serving.cost.Costs;
import dev.outcrop.serving.embed.EncoderListener;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.MetricsPage;
import dev.outcrop.serving.http.RequestListener;
import dev.outcrop.serving.transport.ByteBudget;
import io.prometheus.client.CollectorRegistry;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The metrics of one server, in a registry of their own. Safe to use from any thread. */
public final class ServerMetrics
    implements GenerationListener, EncoderListener, RequestListener, ReloadListener {
  private final CollectorRegistry registry = new CollectorRegistry();
  private final OutcropSeries own;
  private final GenAiSeries genAi;
  private final List<GenerationListener> generations;

  /**
   * Creates the metrics of a server.
   *
   * @param loading ids of models that are not there yet
   * @param costs what they cost; null where there are no models yet
   * @param bodies memory of its requests' bodies
   * @param vllm whether the names of vLLM are there too
   */
  public ServerMetrics(
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders,
      Collection<String> loading,
      LifeCycle lifeCycle,
      ByteBudget bodies,
      @Nullable Costs costs,
      boolean vllm) {
    Instruments instruments = new Instruments(registry);
    own = new OutcropSeries(instruments);
    genAi = new GenAiSeries(instruments, encoders);
    generations =
        vllm ? List.of(own, genAi, new VllmSeries(instruments, models)) : List.of(own, genAi);
    registry.register(new StateCollector(models, encoders, loading, lifeCycle, bodies, vllm));
    if (costs != null) {
      registry.register(new CostCollector(costs, own.tenants(), models, encoders));
    }
  }

  /** The exposition in the format that an Accept header asks for. */
  public MetricsPage page(@Nullable String accept) {
    return Exposition.page(accept, registry.metricFamilySamples());
  }

  @Override
  public void over(RequestListener.Over over) {
    own.over(over);
    genAi.over(over);
  }

  @Override
  public void firstToken(ServedModel model, long nanosSinceArrival) {
    generations.forEach(each -> each.firstToken(model, nanosSinceArrival));
  }

  @Override
  public void nextToken(ServedModel model, long nanosSinceLast) {
    generations.forEach(each -> each.nextToken(model, nanosSinceLast));
  }

  @Override
  public void over(GenerationListener.Over over) {
    generations.forEach(each -> each.over(over));
  }

  @Override
  public void encoded(ServedEncoder model, Caller caller, Purpose purpose, int count) {
    own.encoded(model, caller, purpose, count);
  }

  @Override
  public void reloaded(boolean taken) {
    own.reloaded(taken);
  }

  @Override
  public void shared(int count) {
    own.shared(count);
  }
}
