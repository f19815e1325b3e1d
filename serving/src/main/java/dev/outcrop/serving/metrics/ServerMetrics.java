package dev.outcrop.serving.metrics;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.ReloadListener;
import dev.outcrop.serving.embed.EncoderListener;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.MetricsPage;
import dev.outcrop.serving.http.RequestListener;
import dev.outcrop.serving.transport.ByteBudget;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The metrics of one server, in a registry of their own. Safe to use from any thread. */
public final class ServerMetrics
    implements GenerationListener, EncoderListener, RequestListener, ReloadListener {
  private static final double NANOS = 1e9;
  private static final String NO_MODEL = "none";
  private static final String TAKEN = "taken";
  private static final String REFUSED = "refused";
  private static final double[] SECONDS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300
  };
  private static final double[] TOKEN_SECONDS = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2
  };

  private final CollectorRegistry registry = new CollectorRegistry();
  private final Counter requests;
  private final Histogram requestSeconds;
  private final Counter tokens;
  private final Counter generations;
  private final Histogram firstToken;
  private final Histogram perToken;
  private final Counter reloads;

  /**
   * Creates the metrics of a server.
   *
   * @param bodies memory of its requests' bodies
   */
  public ServerMetrics(
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders,
      LifeCycle lifeCycle,
      ByteBudget bodies) {
    requests = counter(Metric.REQUESTS);
    requestSeconds = histogram(Metric.REQUEST_SECONDS, SECONDS);
    tokens = counter(Metric.TOKENS);
    generations = counter(Metric.GENERATIONS);
    firstToken = histogram(Metric.FIRST_TOKEN_SECONDS, SECONDS);
    perToken = histogram(Metric.TOKEN_SECONDS, TOKEN_SECONDS);
    reloads = counter(Metric.AUTH_RELOADS);
    reloads.labels(TAKEN);
    reloads.labels(REFUSED);
    registry.register(new StateCollector(models, encoders, lifeCycle, bodies));
  }

  /** The exposition in the format that an Accept header asks for. */
  public MetricsPage page(@Nullable String accept) {
    String type = TextFormat.chooseContentType(accept);
    StringWriter text = new StringWriter();
    try {
      TextFormat.writeFormat(type, text, registry.metricFamilySamples());
    } catch (IOException e) {
      throw new IllegalStateException("a string can always be written to", e);
    }
    return new MetricsPage(type, text.toString());
  }

  @Override
  public void over(String operation, @Nullable String model, int status, long nanos) {
    String name = model == null ? NO_MODEL : model;
    requests.labels(name, operation, String.valueOf(status)).inc();
    requestSeconds.labels(name, operation).observe(nanos / NANOS);
  }

  @Override
  public void firstToken(ServedModel model, long nanosSinceArrival) {
    firstToken.labels(model.id()).observe(nanosSinceArrival / NANOS);
  }

  @Override
  public void over(
      ServedModel model,
      Caller caller,
      Result how,
      GenerationEvent.Usage usage,
      int decoded,
      long decodeNanos) {
    generations.labels(model.id(), how.name().toLowerCase(Locale.ROOT)).inc();
    tokens.labels(model.id(), caller.tenant(), "prompt").inc(usage.promptTokens());
    tokens.labels(model.id(), caller.tenant(), "cached_prompt").inc(usage.cachedPromptTokens());
    tokens.labels(model.id(), caller.tenant(), "completion").inc(usage.completionTokens());
    if (decoded > 1) {
      perToken.labels(model.id()).observe(decodeNanos / NANOS / (decoded - 1));
    }
  }

  @Override
  public void encoded(ServedEncoder model, Caller caller, int count) {
    tokens.labels(model.id(), caller.tenant(), "prompt").inc(count);
  }

  @Override
  public void reloaded(boolean taken) {
    reloads.labels(taken ? TAKEN : REFUSED).inc();
  }

  private Counter counter(Metric metric) {
    return Counter.build()
        .name(metric.metricName())
        .help(metric.help())
        .labelNames(metric.labels().toArray(String[]::new))
        .register(registry);
  }

  private Histogram histogram(Metric metric, double[] buckets) {
    return Histogram.build()
        .name(metric.metricName())
        .help(metric.help())
        .labelNames(metric.labels().toArray(String[]::new))
        .buckets(buckets)
        .register(registry);
  }
}
