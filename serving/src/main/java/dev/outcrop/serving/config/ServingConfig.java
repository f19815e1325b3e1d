package dev.outcrop.serving.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * All that an operator can say, from outcrop.yaml. The file's keys are public and stable; these
 * records are not.
 *
 * @param http the port of the API
 * @param management the port for probes, metrics and operators
 * @param auth who may use the API
 * @param limits what a request may hold at most
 * @param batchJobs batch inference
 * @param catalog what clients see where they list models
 * @param cost what the server's time costs
 * @param drainDelay how long requests are still taken after a stop was asked for
 * @param drainTimeout how long requests may go on after that
 * @param models the models to serve
 */
public record ServingConfig(
    HttpConfig http,
    ManagementConfig management,
    AuthConfig auth,
    LimitsConfig limits,
    BatchJobsConfig batchJobs,
    CatalogConfig catalog,
    CostConfig cost,
    Duration drainDelay,
    Duration drainTimeout,
    List<ModelConfig> models) {
  /** What holds without a file. */
  public static final ServingConfig DEFAULT =
      new ServingConfig(
          HttpConfig.DEFAULT,
          ManagementConfig.DEFAULT,
          AuthConfig.DEFAULT,
          LimitsConfig.DEFAULT,
          BatchJobsConfig.DEFAULT,
          CatalogConfig.DEFAULT,
          CostConfig.DEFAULT,
          Duration.ZERO,
          Duration.ofSeconds(30),
          List.of());

  /** Checks the values and copies the list. */
  public ServingConfig {
    models = List.copyOf(models);
    Check.that(!drainDelay.isNegative(), "drain-delay must not be negative");
    Check.that(!drainTimeout.isNegative(), "drain-timeout must not be negative");
  }

  /** The same with other models. */
  public ServingConfig withModels(List<ModelConfig> other) {
    return new ServingConfig(
        http, management, auth, limits, batchJobs, catalog, cost, drainDelay, drainTimeout, other);
  }

  /** The same with another API port. */
  public ServingConfig withHttp(HttpConfig other) {
    return new ServingConfig(
        other,
        management,
        auth,
        limits,
        batchJobs,
        catalog,
        cost,
        drainDelay,
        drainTimeout,
        models);
  }

  /** The same with another management port. */
  public ServingConfig withManagement(ManagementConfig other) {
    return new ServingConfig(
        http, other, auth, limits, batchJobs, catalog, cost, drainDelay, drainTimeout, models);
  }

  /** The same with other keys. */
  public ServingConfig withAuth(AuthConfig other) {
    return new ServingConfig(
        http,
        management,
        other,
        limits,
        batchJobs,
        catalog,
        cost,
        drainDelay,
        drainTimeout,
        models);
  }

  /** The same with other batch inference. */
  public ServingConfig withBatchJobs(BatchJobsConfig other) {
    return new ServingConfig(
        http, management, auth, limits, other, catalog, cost, drainDelay, drainTimeout, models);
  }

  /** The same with another region or account. */
  public ServingConfig withCatalog(CatalogConfig other) {
    return new ServingConfig(
        http, management, auth, limits, batchJobs, other, cost, drainDelay, drainTimeout, models);
  }

  /** The same with another price. */
  public ServingConfig withCost(CostConfig other) {
    return new ServingConfig(
        http,
        management,
        auth,
        limits,
        batchJobs,
        catalog,
        other,
        drainDelay,
        drainTimeout,
        models);
  }

  /** The same with another delay of the drain. */
  public ServingConfig withDrainDelay(Duration other) {
    return new ServingConfig(
        http, management, auth, limits, batchJobs, catalog, cost, other, drainTimeout, models);
  }

  /** The same with relative paths taken from a folder. */
  ServingConfig resolvedAgainst(Path folder) {
    return new ServingConfig(
        http.withTls(http.tls().resolvedAgainst(folder)),
        management.resolvedAgainst(folder),
        auth.resolvedAgainst(folder),
        limits,
        batchJobs.resolvedAgainst(folder),
        catalog,
        cost.resolvedAgainst(folder),
        drainDelay,
        drainTimeout,
        models.stream().map(model -> model.withPath(folder.resolve(model.path()))).toList());
  }
}
