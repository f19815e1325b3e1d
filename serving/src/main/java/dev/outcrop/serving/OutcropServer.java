package dev.outcrop.serving;

import dev.outcrop.batching.Health;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.auth.Reloading;
import dev.outcrop.serving.batchjobs.BatchJobsApi;
import dev.outcrop.serving.bedrock.BedrockApi;
import dev.outcrop.serving.bedrock.ControlPlaneApi;
import dev.outcrop.serving.bedrock.InvokeEncoder;
import dev.outcrop.serving.bedrock.RerankApi;
import dev.outcrop.serving.bodies.NativeBodies;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.cost.Costs;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.ApiPort;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.ManagementPort;
import dev.outcrop.serving.http.MetricsPage;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.metrics.ServerMetrics;
import dev.outcrop.serving.openai.EmbeddingsApi;
import dev.outcrop.serving.openai.OpenAiApi;
import dev.outcrop.serving.openai.ServedIds;
import dev.outcrop.serving.transport.ByteBudget;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running server: the Bedrock API on one port, management on another. It does not own the models:
 * whoever made their batchers closes them after the server.
 *
 * <p>Safe to use from any thread. Nothing is static, so a process can hold several.
 */
public final class OutcropServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OutcropServer.class);

  /** What clients have to read their last answer, or to ask again and be told to go. */
  static final Duration GOODBYE = Duration.ofSeconds(5);

  private final ServingConfig config;
  private final List<ServedModel> models;
  private final List<ServedEncoder> encoders;
  private final LifeCycle lifeCycle;
  private final Duration goodbye;
  private final GenerationService generations;
  private final BatchJobsApi batchJobs;
  private final @Nullable Reloading credentials;
  private final ServerMetrics metrics;
  private final ApiPort api;
  private final ManagementPort management;
  private final Drain drain;
  private final Costs costs;

  OutcropServer(
      ServingConfig config,
      List<ServedModel> models,
      List<ServedEncoder> encoders,
      LifeCycle lifeCycle,
      Duration goodbye,
      ManagementPort management,
      Costs costs) {
    this.config = config;
    this.models = models;
    this.encoders = encoders;
    this.lifeCycle = lifeCycle;
    this.goodbye = goodbye;
    this.management = management;
    this.costs = costs;
    Json json = new Json(config.limits().maxTextLength());
    ByteBudget bodies = new ByteBudget(config.http().bodyBytes());
    this.metrics =
        new ServerMetrics(
            models,
            encoders,
            List.of(),
            lifeCycle,
            bodies,
            costs,
            config.management().vllmMetrics());
    this.generations = new GenerationService(System::nanoTime, metrics);
    ModelIds ids = new ModelIds(models, encoders);
    ServedIds served = new ServedIds(ids);
    Catalog catalog = new Catalog(ids, config.catalog(), config.models(), Instant.now());
    EncoderService encoding = new EncoderService(metrics, generations.longTexts());
    BedrockApi bedrock =
        new BedrockApi(
            ids,
            generations,
            new InvokeEncoder(encoding, json),
            NativeBodies.all(json, config.limits(), Clock.systemUTC()),
            config.limits(),
            json,
            new SecureRandom()::nextLong);
    OpenAiApi openAi =
        new OpenAiApi(
            served,
            generations,
            config.limits(),
            json,
            new SecureRandom()::nextLong,
            Clock.systemUTC());
    this.credentials = Reloading.of(config.auth(), System::nanoTime, metrics);
    this.batchJobs =
        BatchJobsApi.open(
            config.batchJobs(),
            bedrock,
            bedrock::servedId,
            id -> catalog.arn("model-invocation-job", id),
            json,
            Clock.systemUTC());
    try {
      this.api =
          ApiPort.open(
              config.http(),
              new ApiPort.Parts(
                  Api.of(
                      List.of(
                          bedrock,
                          openAi,
                          batchJobs,
                          new RerankApi(ids, encoding, json),
                          new EmbeddingsApi(served, encoding, json),
                          new ControlPlaneApi(catalog, json))),
                  authenticator(),
                  lifeCycle,
                  bodies,
                  metrics,
                  json));
    } catch (RuntimeException e) {
      batchJobs.close();
      throw e;
    }
    this.drain = new Drain(config, lifeCycle, api, batchJobs, generations, this::refuseRequests);
  }

  /**
   * Starts a server; when this returns it takes requests.
   *
   * @param config the ports and limits; of its models only their names are looked at
   * @param models the models, with their batchers running
   */
  public static OutcropServer start(ServingConfig config, Collection<ServedModel> models) {
    return start(config, models, List.of());
  }

  /**
   * Starts a server that makes embeddings too.
   *
   * @param config the ports and limits; of its models only their names are looked at
   * @param models the models that generate text, with their batchers running
   * @param encoders the models that make embeddings, likewise
   */
  public static OutcropServer start(
      ServingConfig config, Collection<ServedModel> models, Collection<ServedEncoder> encoders) {
    try (StartingServer starting = StartingServer.open(config)) {
      return starting.serve(models, encoders);
    }
  }

  /** Takes requests from now on. */
  void begin() {
    batchJobs.start();
    costs.start();
    if (credentials != null) {
      credentials.begin();
    }
    lifeCycle.serve();
    LOG.info(
        "serving {} on {}, management on port {}",
        Stream.concat(
                models.stream().map(ServedModel::id), encoders.stream().map(ServedEncoder::id))
            .toList(),
        endpoint(),
        managementPort());
  }

  /** Where clients reach the API. */
  public URI endpoint() {
    String scheme = config.http().tls().enabled() ? "https" : "http";
    return URI.create("%s://%s:%d".formatted(scheme, urlHost(config.http().host()), api.port()));
  }

  /** The API's port. */
  public int port() {
    return api.port();
  }

  /** The management port. */
  public int managementPort() {
    return management.port();
  }

  /**
   * Stops: not ready at once; no new requests after the configured delay, or at once where a drain
   * that was asked for before is past it; then waits for those that are in. What still runs after
   * the timeout is ended with an error that its client sees. Ports are closed at the end, when
   * clients have closed their connections or had five seconds for that.
   *
   * @param timeout how long to wait for requests, from when none is taken
   * @return whether everything ended in time
   */
  public boolean drain(Duration timeout) throws InterruptedException {
    drain.leave(timeout);
    drain.endRequests(timeout);
    // Clients whose streams have just ended ask again, where they were, and are told to go.
    api.awaitNoConnection(goodbye);
    close();
    return !drain.cutOff();
  }

  private void refuseRequests() {
    models.forEach(model -> model.batcher().drain());
    encoders.forEach(model -> model.batcher().drain());
  }

  /** Stops at once; {@link #drain} is the polite way. */
  @Override
  public void close() {
    batchJobs.close();
    costs.close();
    api.close();
    management.close();
    if (credentials != null) {
      credentials.close();
    }
    lifeCycle.stop();
  }

  /** The first part of {@link #drain}, which follows on a thread that waits for it. */
  void beginDrain() {
    drain.leave(config.drainTimeout());
  }

  /**
   * What the management port starts where nobody waits to {@link #drain}: the server stays, not
   * ready, and requests end with the timeout.
   */
  void leave() {
    drain.begin(config.drainTimeout());
  }

  /** How each model's engine loop is. */
  Map<String, Health> health() {
    Map<String, Health> health = new LinkedHashMap<>();
    models.forEach(model -> health.put(model.id(), model.batcher().health()));
    for (ServedEncoder model : encoders) {
      boolean alive = model.batcher().alive();
      health.put(model.id(), alive ? new Health.Live() : new Health.Dead("the encoder has ended"));
    }
    return health;
  }

  /** The exposition in the format that an Accept header asks for. */
  MetricsPage metrics(@Nullable String accept) {
    return metrics.page(accept);
  }

  private Authenticator authenticator() {
    if (credentials != null) {
      return Authenticator.of(credentials, InstantSource.system());
    }
    if (!loopback(config.http().host())) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "http.host is %s, which others can reach, but neither auth.key-file nor auth.policy-file is set; set one, or bind 127.0.0.1"
              .formatted(config.http().host()));
    }
    return Authenticator.open();
  }

  private static boolean loopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "http.host is %s, which is no address".formatted(host), e);
    }
  }

  private static String urlHost(String host) {
    return host.contains(":") ? "[" + host + "]" : host;
  }
}
