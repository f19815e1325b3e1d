package dev.outcrop.serving.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.outcrop.serving.config.CostConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.prices.Prices;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Beside servers that answer as Kubernetes' API and Prometheus do. */
final class PriceFinderTest {
  private static final String NODE =
      """
      {"kind": "Node", "metadata": {"name": "node-1", "labels": {
         "node.kubernetes.io/instance-type": "%s", "karpenter.sh/capacity-type": "%s",
         "topology.kubernetes.io/zone": "us-east-1a"}},
       "status": {"capacity": {"cpu": "192", "nvidia.com/gpu": "8"}}}
      """;

  @TempDir private Path folder;
  private HttpServer server;
  private Path token;
  private final Map<String, String> series = new ConcurrentHashMap<>();
  private volatile String node = NODE.formatted("p5.48xlarge", "on-demand");
  private volatile int status = 200;

  @BeforeEach
  void start() throws IOException {
    token = Files.writeString(folder.resolve("token"), "secret-token\n");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/v1/nodes/node-1",
        exchange -> {
          boolean known =
              "Bearer secret-token".equals(exchange.getRequestHeaders().getFirst("authorization"));
          answer(exchange, known ? status : 401, node);
        });
    server.createContext(
        "/api/v1/query",
        exchange -> {
          String query =
              URLDecoder.decode(exchange.getRequestURI().getRawQuery(), StandardCharsets.UTF_8);
          String value =
              series.entrySet().stream()
                  .filter(each -> query.equals("query=max(" + each.getKey() + "{node=\"node-1\"})"))
                  .map(Map.Entry::getValue)
                  .findFirst()
                  .orElse("");
          String result =
              value.isEmpty() ? "" : "{\"metric\":{},\"value\":[1.5,\"" + value + "\"]}";
          answer(
              exchange,
              status,
              "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
                  + result
                  + "]}}");
        });
    server.start();
  }

  private static void answer(com.sun.net.httpserver.HttpExchange exchange, int code, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private PriceFinder finder(CostConfig config, NodeFacts facts, int devices, boolean cluster) {
    JsonSource source = new JsonSource(JsonSource.client().build());
    return new PriceFinder(
        config,
        Prices::builtIn,
        devices,
        facts,
        cluster ? new KubernetesNode(uri(), token, source) : null,
        cluster ? new OpenCost(uri() + "/", source) : null);
  }

  private static NodeFacts facts(String name, String instance) {
    return new NodeFacts(name, instance, "", 0);
  }

  @Test
  void theConfigurationComesFirst() throws InterruptedException {
    series.put("node_total_hourly_cost", "30");
    NodePrice price =
        finder(CostConfig.DEFAULT.withHourlyUsd(40), facts("node-1", ""), 2, true)
            .find()
            .orElseThrow();

    assertThat(price.usdPerHour()).isEqualTo(40);
    assertThat(price.source()).isEqualTo("config");
    assertThat(price.share()).as("2 of the node's 8 devices").isEqualTo(0.25);
    assertThat(price.ownUsdPerHour()).isEqualTo(10);
  }

  @Test
  void thenWhatOpenCostSays() throws InterruptedException {
    series.put("node_total_hourly_cost", "30.5");
    series.put("kubecost_node_is_spot", "1");
    NodePrice price = finder(CostConfig.DEFAULT, facts("node-1", ""), 4, true).find().orElseThrow();

    assertThat(price).isEqualTo(new NodePrice(30.5, 0.5, "opencost", "now", "p5.48xlarge", "spot"));
  }

  @Test
  void pricesOfDevicesStandInForThatOfTheNode() throws InterruptedException {
    series.put("node_gpu_hourly_cost", "3");
    NodePrice price = finder(CostConfig.DEFAULT, facts("node-1", ""), 1, true).find().orElseThrow();

    assertThat(price.usdPerHour()).isEqualTo(24);
    assertThat(price.ownUsdPerHour()).isEqualTo(3);
  }

  @Test
  void thenTheTableByTheNodesLabel() throws InterruptedException {
    NodePrice price = finder(CostConfig.DEFAULT, facts("node-1", ""), 8, true).find().orElseThrow();

    assertThat(price)
        .isEqualTo(new NodePrice(55.04, 1, "table", "2026-07-20", "p5.48xlarge", "on-demand"));
  }

  @Test
  void spotThatNobodySourcedIsPricedOnDemandAndSaysSo() throws InterruptedException {
    node = NODE.formatted("p5.4xlarge", "spot");
    NodePrice dear = finder(CostConfig.DEFAULT, facts("node-1", ""), 0, true).find().orElseThrow();
    assertThat(dear.usdPerHour()).isEqualTo(6.88);
    assertThat(dear.purchase()).isEqualTo("spot at the price on-demand");

    node = NODE.formatted("p5en.48xlarge", "spot");
    NodePrice cheap = finder(CostConfig.DEFAULT, facts("node-1", ""), 0, true).find().orElseThrow();
    assertThat(cheap.usdPerHour()).isEqualTo(27.20);
    assertThat(cheap.purchase()).isEqualTo("spot");
    assertThat(cheap.share()).as("no devices of its own").isEqualTo(1);
  }

  @Test
  void whatDoesNotAnswerIsPassedOver() throws InterruptedException {
    status = 503;
    assertThat(finder(CostConfig.DEFAULT, facts("node-1", ""), 1, true).find()).isEmpty();
    assertThat(
            finder(CostConfig.DEFAULT, facts("node-1", "g6.xlarge"), 1, true)
                .find()
                .orElseThrow()
                .source())
        .isEqualTo("table");
  }

  @Test
  void whatWasSaidLastGoesOnWhereNobodyCouldBeAsked() throws InterruptedException {
    series.put("node_total_hourly_cost", "30.5");
    PriceFinder finder = finder(CostConfig.DEFAULT, facts("node-1", ""), 2, true);
    NodePrice before = finder.find().orElseThrow();
    assertThat(before.share()).isEqualTo(0.25);
    assertThat(finder.isUnheard()).isFalse();

    status = 503;
    assertThat(finder.find()).contains(before);
    assertThat(finder.isUnheard()).isTrue();

    status = 200;
    series.clear(); // asked, and there is nothing any more
    assertThat(finder.find().orElseThrow().source()).isEqualTo("table");
    assertThat(finder.isUnheard()).isFalse();
  }

  @Test
  void thePartOfTheNodeStaysWhereItsApiFails() throws InterruptedException {
    PriceFinder finder = finder(CostConfig.DEFAULT.withHourlyUsd(40), facts("node-1", ""), 2, true);
    status = 503;
    assertThat(finder.find().orElseThrow().share()).as("nothing is known yet").isEqualTo(1);
    assertThat(finder.isUnheard()).as("so it is to look again soon").isTrue();
    status = 200;
    NodePrice known = finder.find().orElseThrow();
    assertThat(known.share()).isEqualTo(0.25);
    status = 503;
    assertThat(finder.find()).contains(known);
  }

  @Test
  void isFixedOnlyWhereNobodyOnTheNetworkIsAsked() {
    CostConfig priced = CostConfig.DEFAULT.withHourlyUsd(40);

    assertThat(finder(priced, facts("node-1", ""), 2, true).isFixed()).isFalse();
    assertThat(finder(priced, facts("", ""), 2, true).isFixed()).isTrue();
    assertThat(finder(priced, facts("node-1", ""), 2, false).isFixed()).isTrue();
    assertThat(finder(CostConfig.DEFAULT, facts("node-1", ""), 2, true).isFixed()).isFalse();
  }

  @Test
  void devicesThatNobodyCountsAreItsOwn() throws InterruptedException {
    series.put("node_gpu_hourly_cost", "3");
    node = "{\"kind\": \"Node\", \"metadata\": {\"labels\": {}}, \"status\": {}}";

    NodePrice two = finder(CostConfig.DEFAULT, facts("node-1", ""), 2, true).find().orElseThrow();
    assertThat(two.ownUsdPerHour()).isEqualTo(6);
    assertThat(two.share()).isEqualTo(1);
    NodePrice none = finder(CostConfig.DEFAULT, facts("node-1", ""), 0, true).find().orElseThrow();
    assertThat(none.ownUsdPerHour()).isEqualTo(3);

    series.put("node_gpu_count", "4");
    NodePrice half = finder(CostConfig.DEFAULT, facts("node-1", ""), 2, true).find().orElseThrow();
    assertThat(half.usdPerHour()).isEqualTo(12);
    assertThat(half.share()).isEqualTo(0.5);
  }

  @Test
  @Timeout(20)
  void aBodyThatStallsIsGivenUp() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    slow.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write('{');
          exchange.getResponseBody().flush();
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    slow.start();
    try (HttpClient client = JsonSource.client().build()) {
      JsonSource source = new JsonSource(client, Duration.ofMillis(200));
      URI stalling = URI.create("http://127.0.0.1:" + slow.getAddress().getPort());

      assertThatThrownBy(() -> source.get(stalling, null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("gave no whole answer in 200 ms");
      client.shutdownNow();
    } finally {
      over.countDown();
      slow.stop(0);
    }
  }

  @Test
  void anAnswerThatIsTooLongIsNone() {
    node = "[" + " ".repeat(5_000_000) + "]";
    JsonSource source = new JsonSource(JsonSource.client().build());
    KubernetesNode api = new KubernetesNode(uri(), token, source);

    assertThatThrownBy(() -> api.read("node-1")).isInstanceOf(IOException.class);
  }

  @Test
  void outsideOfAClusterTheTypeIsEnough() throws InterruptedException {
    PriceFinder finder = finder(CostConfig.DEFAULT, facts("", "g6.12xlarge"), 1, false);

    assertThat(finder.isFixed()).isTrue();
    assertThat(finder.find().orElseThrow().share()).isEqualTo(0.25);
    assertThat(finder(CostConfig.DEFAULT, facts("", "x1.none"), 1, false).find()).isEmpty();
    assertThat(finder(CostConfig.DEFAULT, facts("", ""), 1, false).find()).isEmpty();
  }

  @Test
  void theEnvironmentAndTheModelsTellTheRest() throws InterruptedException {
    Map<String, String> environment = new HashMap<>();
    environment.put(NodeFacts.INSTANCE, "p5.4xlarge");
    environment.put(NodeFacts.CAPACITY, "spot");
    ModelConfig model = ModelConfig.of("m", folder);
    PriceFinder finder =
        PriceFinder.here(CostConfig.DEFAULT, Prices::builtIn, List.of(model), environment);

    NodePrice price = finder.find().orElseThrow();

    assertThat(price.instance()).isEqualTo("p5.4xlarge");
    assertThat(price.purchase()).isEqualTo("spot at the price on-demand");
    assertThat(price.share()).isEqualTo(1);
    assertThat(CostConfig.DEFAULT.refresh()).isGreaterThan(Duration.ofMinutes(1));
  }
}
