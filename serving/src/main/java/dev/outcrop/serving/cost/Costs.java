package dev.outcrop.serving.cost;

import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.prices.BedrockPrice;
import dev.outcrop.serving.prices.Prices;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server's bill, and the thread that looks for the node's price where that may change. */
public final class Costs implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Costs.class);

  /** How soon to look again while no price is known. */
  private static final Duration AGAIN = Duration.ofSeconds(30);

  private final Bill bill;
  private final Supplier<Prices> prices;
  private final CostConfig config;
  private final PriceFinder finder;
  private @Nullable Thread thread;

  Costs(Bill bill, Supplier<Prices> prices, CostConfig config, PriceFinder finder) {
    this.bill = bill;
    this.prices = prices;
    this.config = config;
    this.finder = finder;
  }

  /**
   * The price table of a server. A file over it is read now, and so is the table where the
   * configuration names a row of it: what is wrong is to be known before models load.
   *
   * @throws dev.outcrop.models.OutcropException where the price file is wrong, or the configuration
   *     names what the table or the server does not have
   */
  public static Supplier<Prices> prices(ServingConfig config) {
    Supplier<Prices> table = new Table(config.cost().pricesFile());
    CostCheck.check(config, table);
    return table;
  }

  /**
   * Those of a server.
   *
   * @param prices the table of {@link #prices}
   * @param environment the process's
   */
  public static Costs of(
      ServingConfig config, Bill bill, Supplier<Prices> prices, Map<String, String> environment) {
    return new Costs(
        bill,
        prices,
        config.cost(),
        PriceFinder.here(config.cost(), prices, config.models(), environment));
  }

  /** The price table, read when it is first asked for: a server is to start soon. */
  private static final class Table implements Supplier<Prices> {
    private final @Nullable Path over;
    private @Nullable Prices read;

    Table(@Nullable Path over) {
      this.over = over;
      if (over != null) {
        read = Prices.read(over);
      }
    }

    @Override
    public synchronized Prices get() {
      Prices known = read == null ? Prices.read(over) : read;
      read = known;
      return known;
    }
  }

  /** Looks for a price, and goes on looking on a thread of its own where it may change. */
  public void start() {
    if (finder.isFixed()) {
      try {
        look();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return;
    }
    thread = Thread.ofVirtual().name("node-price").start(this::watch);
  }

  private void watch() {
    try {
      while (true) {
        boolean known = tried();
        boolean again = !known || finder.isUnheard();
        Duration pause = !again || config.refresh().compareTo(AGAIN) < 0 ? config.refresh() : AGAIN;
        Thread.sleep(pause);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private boolean tried() throws InterruptedException {
    try {
      return look();
    } catch (RuntimeException e) { // such as a name that makes no URL; requests go on without
      LOG.warn("the node's price cannot be looked for", e);
      return false;
    }
  }

  /** Answers whether a price is known; one that was known before goes on where none is found. */
  private boolean look() throws InterruptedException {
    Optional<NodePrice> found = finder.find();
    NodePrice before = bill.price();
    if (found.isPresent() && !found.get().equals(before)) {
      NodePrice price = found.get();
      bill.price(price);
      LOG.info(
          "the node costs {} USD an hour ({}, {} {}), of which {} is this process's",
          price.usdPerHour(),
          price.source(),
          price.instance(),
          price.purchase(),
          price.share());
    }
    return found.isPresent() || before != null;
  }

  /** The bill. */
  public Bill bill() {
    return bill;
  }

  /** What Bedrock charges for a model, as the configuration or its ids tell. */
  public Optional<BedrockPrice> bedrock(Iterable<String> ids) {
    for (String id : ids) {
      for (CostConfig.BedrockModelConfig named : config.bedrockModels()) {
        if (named.id().equals(id)) {
          return prices.get().bedrock(named.as());
        }
      }
    }
    for (String id : ids) {
      Optional<BedrockPrice> price = prices.get().bedrock(id);
      if (price.isPresent()) {
        return price;
      }
    }
    return Optional.empty();
  }

  /** Stops looking. */
  @Override
  public void close() {
    Thread looking = thread;
    if (looking != null) {
      looking.interrupt();
    }
  }
}
