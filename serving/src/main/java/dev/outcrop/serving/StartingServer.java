package dev.outcrop.serving;

import dev.outcrop.batching.Health;
import dev.outcrop.serving.auth.Authenticator;
import dev.outcrop.serving.auth.KeyFile;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.cost.Bill;
import dev.outcrop.serving.cost.Costs;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.http.LifeCycle;
import dev.outcrop.serving.http.ManagementPort;
import dev.outcrop.serving.http.MetricsPage;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.metrics.ServerMetrics;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.transport.ByteBudget;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server whose models load: its management port is open and tells so, its API port is not. Used
 * by the thread that loads them.
 */
public final class StartingServer implements AutoCloseable {
  private static final String ADMIN = "admin";

  private final ServingConfig config;
  private final LifeCycle lifeCycle;
  private final Duration goodbye;
  private final long begin = System.nanoTime();
  private final Supplier<Prices> prices;
  private final ServerMetrics metrics;
  private final ManagementPort management;
  private volatile @Nullable OutcropServer server;
  private volatile @Nullable Runnable toldToDrain;

  private StartingServer(ServingConfig config, LifeCycle lifeCycle, Duration goodbye) {
    this.config = config;
    this.lifeCycle = lifeCycle;
    this.goodbye = goodbye;
    this.prices = Costs.prices(config);
    this.metrics =
        new ServerMetrics(
            List.of(),
            List.of(),
            config.models().stream().map(ModelConfig::id).toList(),
            lifeCycle,
            new ByteBudget(0),
            null,
            config.management().vllmMetrics());
    this.management =
        ManagementPort.open(
            config.management(),
            new ManagementPort.Parts(
                lifeCycle,
                this::health,
                this::metrics,
                admin(config.management()),
                this::drain,
                new Json(config.limits().maxTextLength())));
  }

  /**
   * Opens the management port.
   *
   * @throws dev.outcrop.models.OutcropException where the port is taken, the price file is wrong,
   *     or what the configuration says of costs names nothing
   */
  public static StartingServer open(ServingConfig config) {
    return open(config, new LifeCycle(), OutcropServer.GOODBYE);
  }

  /**
   * The same with a life cycle that others can see.
   *
   * @param goodbye how long its drain waits at most for clients to close their connections
   */
  static StartingServer open(ServingConfig config, LifeCycle lifeCycle, Duration goodbye) {
    return new StartingServer(config, lifeCycle, goodbye);
  }

  /**
   * Who is told that {@code POST /drain} came and that the server takes no new requests soon, on a
   * thread of the management port, and calls {@link OutcropServer#drain} then. Set before {@link
   * #serve}; without one the server stays, refusing.
   */
  public void onDrain(Runnable told) {
    toldToDrain = told;
  }

  /** Says what loads at the moment; {@code /startupz} and {@code /readyz} tell it on. */
  public void loading(String what) {
    lifeCycle.loading(what);
  }

  /** What instances cost, for whoever splits the time of steps. */
  public Supplier<Prices> prices() {
    return prices;
  }

  /** The management port. */
  public int managementPort() {
    return management.port();
  }

  /**
   * Opens the API port; when this returns the server takes requests. The management port is the
   * server's from now on.
   *
   * @param models the models that generate text, with their batchers running and warm
   * @param encoders the models that make embeddings, likewise
   */
  public OutcropServer serve(Collection<ServedModel> models, Collection<ServedEncoder> encoders) {
    return serve(models, encoders, Map.of());
  }

  /**
   * The same.
   *
   * @param memory bytes that models take, by id: their parts of what the node costs
   */
  public OutcropServer serve(
      Collection<ServedModel> models,
      Collection<ServedEncoder> encoders,
      Map<String, Double> memory) {
    Duration sinceBegin = Duration.ofNanos(System.nanoTime() - begin);
    Bill bill =
        new Bill(models, encoders, memory, config.cost().window(), sinceBegin, System::nanoTime);
    OutcropServer opened =
        new OutcropServer(
            config,
            List.copyOf(models),
            List.copyOf(encoders),
            lifeCycle,
            goodbye,
            management,
            Costs.of(config, bill, prices, System.getenv()));
    server = opened; // what the management port tells of it is there before it is ready
    opened.begin();
    return opened;
  }

  /** Closes the management port where there is no server to close. */
  @Override
  public void close() {
    if (server == null) {
      management.close();
    }
  }

  private Map<String, Health> health() {
    OutcropServer opened = server;
    return opened == null ? Map.of() : opened.health();
  }

  private MetricsPage metrics(@Nullable String accept) {
    OutcropServer opened = server;
    return opened == null ? metrics.page(accept) : opened.metrics(accept);
  }

  private void drain() {
    OutcropServer opened = server;
    Runnable told = toldToDrain;
    if (opened == null) {
      return;
    }
    if (told == null) {
      opened.leave();
    } else {
      opened.beginDrain();
      told.run();
    }
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
}
