package dev.outcrop.serving.metrics;

import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.RequestListener;
import io.prometheus.client.Histogram;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The observed side of {@link GenAiMetric}, with the buckets that the conventions advise. */
final class GenAiSeries implements GenerationListener, RequestListener {
  private static final double NANOS = 1e9;
  private static final String NONE = "";

  private final Map<String, ServedEncoder> encoders;
  private final Histogram request;
  private final Histogram firstToken;
  private final Histogram perToken;

  GenAiSeries(Instruments instruments, Collection<ServedEncoder> encoders) {
    this.encoders =
        encoders.stream().collect(Collectors.toMap(ServedEncoder::id, Function.identity()));
    this.request =
        instruments.histogram(
            GenAiMetric.REQUEST,
            new double[] {
              0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
            });
    this.firstToken =
        instruments.histogram(
            GenAiMetric.FIRST_TOKEN,
            new double[] {
              0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10
            });
    this.perToken =
        instruments.histogram(
            GenAiMetric.PER_TOKEN,
            new double[] {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5});
  }

  /** Requests that run no model are none of these conventions. */
  @Override
  public void over(RequestListener.Over over) {
    ApiClass api = ApiClass.of(over.operation());
    if (api != null) {
      String model = over.model() == null ? NONE : over.model();
      String error = over.error() == null ? NONE : over.error();
      request
          .labels(api.work(encoders.get(model)), api.provider(), model, error)
          .observe(over.nanos() / NANOS);
    }
  }

  @Override
  public void firstToken(ServedModel model, long nanosSinceArrival) {}

  @Override
  public void nextToken(ServedModel model, long nanosSinceLast) {}

  @Override
  public void over(GenerationListener.Over over) {
    ApiClass api = ApiClass.of(over.purpose().operation());
    GenerationEvent.@Nullable Ended end = over.end();
    if (api == null || end == null) {
      return;
    }
    String model = over.model().id();
    firstToken.labels(api.work(null), api.provider(), model).observe(end.firstTokenNanos() / NANOS);
    if (over.tokenNanos() > 0) {
      perToken.labels(api.work(null), api.provider(), model).observe(over.tokenNanos() / NANOS);
    }
  }
}
