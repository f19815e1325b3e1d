package dev.outcrop.k8s;

import dev.outcrop.k8s.config.ExternalMetricsConfig;
import dev.outcrop.k8s.config.ScalerConfig;
import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.external.ExternalMetrics;
import dev.outcrop.k8s.keda.KedaConfig;
import dev.outcrop.k8s.keda.KedaScaler;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;

/** What tells Kubernetes the conclusions. This is the one place where a front is started. */
final class Fronts implements AutoCloseable {
  private final List<Runnable> closers = new ArrayList<>();
  private final List<String> names = new ArrayList<>();

  private Fronts() {}

  /**
   * Starts those that the settings want.
   *
   * @throws RuntimeException where one cannot be started; none is left running then
   */
  static Fronts start(SignalsConfig config, ScalingSource scalings, KubernetesClient client) {
    Fronts fronts = new Fronts();
    try {
      if (config.scaler().enabled()) {
        KedaScaler scaler = KedaScaler.start(keda(config.scaler()), scalings);
        fronts.closers.add(scaler::close);
        fronts.names.add("KEDA on port " + scaler.port());
      }
      if (config.externalMetrics().enabled()) {
        ExternalMetrics metrics =
            ExternalMetrics.start(external(config), scalings, new ClusterAuth(client));
        fronts.closers.add(metrics::close);
        fronts.names.add("external metrics on port " + metrics.port());
      }
      return fronts;
    } catch (RuntimeException e) {
      fronts.close();
      throw e;
    }
  }

  private static KedaConfig keda(ScalerConfig config) {
    KedaConfig keda = KedaConfig.DEFAULT.withAddress(config.host(), config.port());
    return config.certificateFile() == null || config.keyFile() == null
        ? keda
        : keda.withTls(config.certificateFile(), config.keyFile(), config.clientCaFile());
  }

  private static dev.outcrop.k8s.external.ExternalMetricsConfig external(SignalsConfig config) {
    ExternalMetricsConfig given = config.externalMetrics();
    dev.outcrop.k8s.external.ExternalMetricsConfig external =
        dev.outcrop.k8s.external.ExternalMetricsConfig.DEFAULT
            .withAddress(given.host(), given.port())
            .withMetrics(config.namespace(), config.poll());
    return given.certificateFile() == null || given.keyFile() == null
        ? external
        : external.withCertificate(given.certificateFile(), given.keyFile());
  }

  /** Those that listen, and where. */
  List<String> names() {
    return List.copyOf(names);
  }

  @Override
  public void close() {
    closers.reversed().forEach(Runnable::run);
  }
}
