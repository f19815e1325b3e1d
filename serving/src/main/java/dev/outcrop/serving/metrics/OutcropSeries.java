package dev.outcrop.serving.metrics;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.auth.ReloadListener;
import dev.outcrop.serving.embed.EncoderListener;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.RequestListener;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import java.util.Locale;

/** The observed side of {@link OutcropMetric}. */
final class OutcropSeries
    implements GenerationListener, EncoderListener, RequestListener, ReloadListener {
  /** Tenants with a series of their own. */
  static final int MOST_TENANTS = 1_000;

  /** Features with one: they are chosen by clients, and multiply with what uses them. */
  static final int MOST_FEATURES = 100;

  private static final double NANOS = 1e9;
  private static final String NO_MODEL = "none";
  private static final String TAKEN = "taken";
  private static final String REFUSED = "refused";
  private static final String PROMPT = "prompt";
  private static final String CACHED_PROMPT = "cached_prompt";
  private static final String COMPLETION = "completion";
  private static final double[] SECONDS = {
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300
  };
  private static final double[] TOKEN_SECONDS = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2
  };

  private final DistinctValues tenants = new DistinctValues(MOST_TENANTS);
  private final DistinctValues features = new DistinctValues(MOST_FEATURES);
  private final Counter requests;
  private final Histogram requestSeconds;
  private final Counter tokens;
  private final Counter featureTokens;
  private final Counter generations;
  private final Histogram firstToken;
  private final Histogram perToken;
  private final Counter reloads;
  private final Gauge replicas;

  OutcropSeries(Instruments instruments) {
    requests = instruments.counter(OutcropMetric.REQUESTS);
    requestSeconds = instruments.histogram(OutcropMetric.REQUEST_SECONDS, SECONDS);
    tokens = instruments.counter(OutcropMetric.TOKENS);
    featureTokens = instruments.counter(OutcropMetric.FEATURE_TOKENS);
    generations = instruments.counter(OutcropMetric.GENERATIONS);
    firstToken = instruments.histogram(OutcropMetric.FIRST_TOKEN_SECONDS, SECONDS);
    perToken = instruments.histogram(OutcropMetric.TOKEN_SECONDS, TOKEN_SECONDS);
    reloads = instruments.counter(OutcropMetric.AUTH_RELOADS);
    reloads.labels(TAKEN);
    reloads.labels(REFUSED);
    replicas = instruments.gauge(OutcropMetric.LIVE_REPLICAS);
    replicas.set(1);
  }

  /** Tenants as labels have them. */
  DistinctValues tenants() {
    return tenants;
  }

  @Override
  public void over(RequestListener.Over over) {
    String model = over.model();
    String name = model == null ? NO_MODEL : model;
    requests.labels(name, over.operation(), String.valueOf(over.status())).inc();
    requestSeconds.labels(name, over.operation()).observe(over.nanos() / NANOS);
  }

  @Override
  public void firstToken(ServedModel model, long nanosSinceArrival) {
    firstToken.labels(model.id()).observe(nanosSinceArrival / NANOS);
  }

  @Override
  public void nextToken(ServedModel model, long nanosSinceLast) {}

  @Override
  public void over(GenerationListener.Over over) {
    String model = over.model().id();
    generations.labels(model, over.how().name().toLowerCase(Locale.ROOT)).inc();
    used(model, over.caller(), over.purpose(), PROMPT, over.usage().promptTokens());
    used(model, over.caller(), over.purpose(), CACHED_PROMPT, over.usage().cachedPromptTokens());
    used(model, over.caller(), over.purpose(), COMPLETION, over.usage().completionTokens());
    if (over.tokenNanos() > 0) {
      perToken.labels(model).observe(over.tokenNanos() / NANOS);
    }
  }

  @Override
  public void encoded(ServedEncoder model, Caller caller, Purpose purpose, int count) {
    used(model.id(), caller, purpose, PROMPT, count);
  }

  private void used(String model, Caller caller, Purpose purpose, String kind, int count) {
    tokens.labels(model, tenants.of(caller.tenant()), kind).inc(count);
    String feature =
        purpose.feature().isEmpty() ? "" : features.of(purpose.feature(), caller.tenant());
    featureTokens.labels(model, ApiClass.label(purpose.operation()), feature, kind).inc(count);
  }

  @Override
  public void reloaded(boolean taken) {
    reloads.labels(taken ? TAKEN : REFUSED).inc();
  }

  @Override
  public void shared(int count) {
    replicas.set(count);
  }
}
