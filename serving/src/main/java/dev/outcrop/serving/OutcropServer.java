package dev.outcrop.serving;

import dev.outcrop.batching.Health;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.auth.KeyFile;
import dev.outcrop.serving.auth.Reloading;
import dev.outcrop.serving.batchjobs.BatchJobsApi;
import dev.outcrop.serving.bedrock.BedrockApi;
import dev.outcrop.serving.bedrock.ControlPlaneApi;
import dev.outcrop.serving.bedrock.InvokeEncoder;
import dev.outcrop.serving.bedrock.RerankApi;
import dev.outcrop.serving.bodies.NativeBodies;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.EncoderService;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.Listeners;
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
  private static final String ADMIN = "admin";
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private final ServingConfig config;
  private final List<ServedModel> models;
  private final List<ServedEncoder> encoders;
  private final LifeCycle lifeCycle;
  private final GenerationService generations;
  private final BatchJobsApi batchJobs;
  private final @Nullable Reloading credentials;
  private final Listeners listeners;

  private OutcropServer(
      ServingConfig config, List<ServedModel> models, List<ServedEncoder> encoders) {
    this.config = config;
    this.models = models;
    this.encoders = encoders;
    this.lifeCycle = new LifeCycle();
    Json json = new Json(config.limits().maxTextLength());
    ByteBudget bodies = new ByteBudget(config.http().bodyBytes());
    ServerMetrics metrics = new ServerMetrics(models, encoders, lifeCycle, bodies);
    this.generations = new GenerationService(System::nanoTime, metrics);
    ModelIds ids = new ModelIds(models, encoders);
    ServedIds served = new ServedIds(ids);
    Catalog catalog = new Catalog(ids, config.catalog(), config.models(), Instant.now());
    EncoderService encoding = new EncoderService(metrics, generations.longTexts());
    BedrockApi api =
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
            api,
            api::servedId,
            id -> catalog.arn("model-invocation-job", id),
            json,
            Clock.systemUTC());
    try {
      this.listeners =
          Listeners.open(
              config.http(),
              config.management(),
              new Listeners.Parts(
                  Api.of(
                      List.of(
                          api,
                          openAi,
                          batchJobs,
                          new RerankApi(ids, encoding, json),
                          new EmbeddingsApi(served, encoding, json),
                          new ControlPlaneApi(catalog, json))),
                  authenticator(),
                  lifeCycle,
                  bodies,
                  metrics,
                  this::health,
                  metrics::page,
                  admin(config.management()),
                  this::drainInBackground,
                  json));
    } catch (RuntimeException e) {
      batchJobs.close();
      throw e;
    }
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
    OutcropServer server = new OutcropServer(config, List.copyOf(models), List.copyOf(encoders));
    server.batchJobs.start();
    if (server.credentials != null) {
      server.credentials.begin();
    }
    server.lifeCycle.serve();
    LOG.info(
        "serving {} on {}, management on port {}",
        Stream.concat(
                server.models.stream().map(ServedModel::id),
                server.encoders.stream().map(ServedEncoder::id))
            .toList(),
        server.endpoint(),
        server.managementPort());
    return server;
  }

  /** Where clients reach the API. */
  public URI endpoint() {
    String scheme = config.http().tls().enabled() ? "https" : "http";
    return URI.create(
        "%s://%s:%d".formatted(scheme, urlHost(config.http().host()), listeners.port()));
  }

  /** The API's port. */
  public int port() {
    return listeners.port();
  }

  /** The management port. */
  public int managementPort() {
    return listeners.managementPort();
  }

  /**
   * Stops: not ready and no new requests at once, then waits for those that are in. What still runs
   * after the timeout is ended with an error that its client sees. Ports are closed at the end.
   *
   * @return whether everything ended in time
   */
  public boolean drain(Duration timeout) throws InterruptedException {
    beginDrain(timeout);
    boolean whole = lifeCycle.awaitEmpty(timeout);
    if (!whole) {
      LOG.warn("{} requests are cut off after {}", lifeCycle.inFlight(), timeout);
      generations.abortAll();
      lifeCycle.awaitEmpty(LAST_WORDS);
    }
    close();
    return whole;
  }

  /** Stops at once; {@link #drain} is the polite way. */
  @Override
  public void close() {
    batchJobs.close();
    listeners.close();
    if (credentials != null) {
      credentials.close();
    }
    lifeCycle.stop();
  }

  private void beginDrain(Duration timeout) {
    if (lifeCycle.drain(timeout)) {
      LOG.info("draining, {} requests are in", lifeCycle.inFlight());
      batchJobs.end(timeout);
      models.forEach(model -> model.batcher().drain());
      encoders.forEach(model -> model.batcher().drain());
    }
  }

  /** What the management port starts: the process stays up, not ready, until it is told to stop. */
  private void drainInBackground() {
    beginDrain(config.drainTimeout());
  }

  private Map<String, Health> health() {
    Map<String, Health> health = new LinkedHashMap<>();
    models.forEach(model -> health.put(model.id(), model.batcher().health()));
    for (ServedEncoder model : encoders) {
      boolean alive = model.batcher().alive();
      health.put(model.id(), alive ? new Health.Live() : new Health.Dead("the encoder has ended"));
    }
    return health;
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

  private static @Nullable Authenticator admin(ManagementConfig config) {
    var key = config.adminKey();
    if (key != null) {
      return Authenticator.keyed(KeyFile.single(key.reveal(), ADMIN));
    }
    var file = config.adminKeyFile();
    return file == null
        ? null
        : Authenticator.keyed(KeyFile.readSingle(file, ManagementConfig.MIN_KEY, ADMIN));
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
