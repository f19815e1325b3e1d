package dev.outcrop.serving.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.GenerateRequest.Service;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.Tier;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.engine.KvGeometry;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.models.testing.FakeEngine;
import dev.outcrop.models.testing.Roofline;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Presets;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hours of a simulated node with an H100 and an 8 B model, beside what the node costs. */
@Timeout(120)
final class BillTest {
  private static final KvGeometry GEOMETRY = new KvGeometry(32, 4_000, 131_072, 8_192);
  private static final double USD = 6.88;
  private static final long HOUR = Duration.ofHours(1).toNanos();
  private static final NodePrice PRICE = new NodePrice(USD, 1, "config", "now", "p5.4xlarge", "");

  private final AtomicLong clock = new AtomicLong(1_000_000);
  private long start = 1_000_000; // of the batchers
  private final List<Batcher> batchers = new ArrayList<>();
  private final Random random = new Random(5);

  @AfterEach
  void close() {
    batchers.forEach(Batcher::close);
  }

  private ServedModel model(String id) {
    ModelWork work = ModelWork.of(Presets.config("meta.llama3-1-8b-instruct"), Quantization.NONE);
    FakeEngine engine =
        new FakeEngine(
            GEOMETRY,
            Roofline.dense(8_030_000_000L, 2, 3.35e12, 989e12, 300_000),
            FakeEngine.NextToken.hashed(97),
            FakeEngine.StepFault.NONE,
            clock::addAndGet);
    Batcher batcher =
        Batchers.start(
            id,
            engine,
            BatchingConfig.DEFAULT,
            clock::get,
            Duration.ofHours(9),
            StepSplit.of(work, 295));
    batchers.add(batcher);
    return new ServedModel(id, List.of(), batcher, new ByteText(), TestServer.DEFAULTS);
  }

  private Bill bill(List<ServedModel> models, Map<String, Double> memory, Duration sinceBegin) {
    return new Bill(models, List.of(), memory, Duration.ofMinutes(30), sinceBegin, clock::get);
  }

  private void serve(ServedModel model, String tenant, Tier tier, int requests)
      throws InterruptedException {
    List<TokenStream> streams = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      int[] prompt = random.ints(50 + random.nextInt(500), 0, 97).toArray();
      GenerateRequest request =
          new GenerateRequest(
              prompt,
              20 + random.nextInt(100),
              Sampling.GREEDY,
              new int[0],
              new Service(tenant, 1, tier, null, tenant));
      if (model.batcher().submit(request) instanceof SubmitResult.Accepted(var stream)) {
        streams.add(stream);
      }
    }
    assertThat(streams).hasSize(requests);
    for (TokenStream stream : streams) {
      while (stream.next() instanceof TokenEvent.Token) {
        // the next one
      }
    }
    settle();
  }

  private void pass(long nanos) throws InterruptedException {
    clock.addAndGet(nanos);
    settle();
  }

  private void settle() throws InterruptedException {
    long passed = clock.get() - start;
    while (batchers.stream().anyMatch(each -> each.engineTimes().allNanos() != passed)) {
      Thread.sleep(1); // a loop has not come to rest yet
    }
  }

  @Test
  void tenantsAndIdleTimeTogetherAreTheNodesBill() throws InterruptedException {
    ServedModel model = model("m");
    Bill bill = bill(List.of(model), Map.of(), Duration.ZERO);
    bill.price(PRICE);
    long begin = clock.get();
    for (int hour = 0; hour < 6; hour++) {
      serve(model, "chat", Tier.PRIORITY, 40);
      serve(model, "mail", Tier.DEFAULT, 60);
      serve(model, "mail", Tier.FLEX, 30);
      bill.read();
      pass(random.nextLong(HOUR));
    }
    serve(model, "late", Tier.DEFAULT, 1);

    ModelBill read = bill.read().getFirst();
    double hours = (clock.get() - begin) / (double) HOUR;
    assertThat(read.usd()).isEqualTo(hours * USD, within(hours * USD * 1e-9));
    assertThat(usd(read, "_idle", "none")).isGreaterThan(0.5 * hours * USD);
    // not which of them is more: that is up to how the loop's thread batched them
    assertThat(usd(read, "mail", "default")).isPositive();
    assertThat(usd(read, "mail", "flex")).isPositive();
    assertThat(usd(read, "chat", "priority")).isPositive();
    assertThat(read.lines().stream().map(ModelBill.Line::tenant).distinct())
        .containsExactlyInAnyOrder("chat", "mail", "late", "_idle");
  }

  private static double usd(ModelBill bill, String tenant, String tier) {
    return bill.lines().stream()
        .filter(line -> line.tenant().equals(tenant) && line.tier().equals(tier))
        .mapToDouble(ModelBill.Line::usd)
        .sum();
  }

  @Test
  void modelsHaveTheirPartOfTheNodeByMemory() throws InterruptedException {
    ServedModel large = model("large");
    ServedModel small = model("small");
    Bill bill = bill(List.of(large, small), Map.of("large", 30e9, "small", 10e9), Duration.ZERO);
    bill.price(PRICE);
    serve(large, "t", Tier.DEFAULT, 5);
    pass(HOUR);

    double hours = (clock.get() - 1_000_000) / (double) HOUR;
    List<ModelBill> read = bill.read();
    assertThat(read.get(0).usd()).isEqualTo(0.75 * hours * USD, within(1e-6));
    assertThat(read.get(1).usd()).isEqualTo(0.25 * hours * USD, within(1e-6));
    assertThat(usd(read.get(1), "_idle", "none")).isEqualTo(0.25 * hours * USD, within(1e-6));
  }

  @Test
  void timeOfLoadingIsIdleAndIsPaidFor() {
    Bill bill = bill(List.of(model("m")), Map.of(), Duration.ofMinutes(3));
    bill.price(PRICE);

    assertThat(bill.read().getFirst().usd()).isEqualTo(USD / 20, within(1e-9));
  }

  /** Five minutes of loading and a first generation that is slow; then an hour of work. */
  @Test
  void loadingAndWarmingUpAreIdleAndInNoTokensPrice() throws InterruptedException {
    long begin = clock.get();
    clock.addAndGet(Duration.ofMinutes(5).toNanos());
    ServedModel model = model("m");
    start = clock.get();
    serve(model, ModelBill.WARM_UP, Tier.DEFAULT, 3);
    pass(HOUR / 60);
    long opened = clock.get();
    Bill bill = bill(List.of(model), Map.of(), Duration.ofNanos(opened - begin));
    bill.price(PRICE);
    assertThat(bill.read().getFirst().perMillion()).as("nobody asked for anything yet").isNull();
    double before = model.batcher().signals().completionTokens();
    double beforePrompts = model.batcher().signals().reuse().missedTokens();
    serve(model, "t", Tier.DEFAULT, 40);
    serve(model, ModelBill.WARM_UP, Tier.DEFAULT, 1); // a step that ends late

    ModelBill read = bill.read().getFirst();
    double all = (clock.get() - begin) / (double) HOUR * USD;
    assertThat(read.usd()).isEqualTo(all, within(all * 1e-9));
    assertThat(read.lines().stream().map(ModelBill.Line::tenant)).containsExactly("t", "_idle");
    var signals = model.batcher().signals();
    double generated = signals.completionTokens() - before;
    double computed = signals.reuse().missedTokens() - beforePrompts;
    double sinceOpened = (clock.get() - opened) / (double) HOUR * USD;
    assertThat(read.perMillion().input() * computed + read.perMillion().output() * generated)
        .as("tokens cost what passed since the server opened")
        .isEqualTo(sinceOpened * 1e6, within(1e-3));
  }

  @Test
  void aPriceThatComesLateIsPaidFromTheBeginAndAnotherOneFromThenOn() throws InterruptedException {
    Bill bill = bill(List.of(model("m")), Map.of(), Duration.ZERO);
    pass(HOUR);
    assertThat(bill.read()).isEmpty();
    assertThat(bill.price()).isNull();

    bill.price(PRICE);
    pass(HOUR);
    bill.price(new NodePrice(2, 0.25, "opencost", "now", "p5.4xlarge", "spot"));
    pass(HOUR);

    assertThat(bill.read().getFirst().usd()).isEqualTo(2 * USD + 0.5, within(1e-9));
  }

  @Test
  void tokensCostWhatTheWindowCostAndAddUpToIt() throws InterruptedException {
    ServedModel model = model("m");
    Bill bill = bill(List.of(model), Map.of(), Duration.ZERO);
    bill.price(PRICE);
    assertThat(bill.read().getFirst().perMillion()).isNull();
    serve(model, "t", Tier.DEFAULT, 50);
    pass(HOUR / 4);

    ModelBill.PerMillion tokens = bill.read().getFirst().perMillion();
    var signals = model.batcher().signals();
    double prompt = signals.reuse().missedTokens();
    double all = prompt + signals.completionTokens() + signals.reuse().hitTokens();
    double hours = (clock.get() - 1_000_000) / (double) HOUR;
    assertThat(tokens.blended()).isEqualTo(hours * USD / all * 1e6, within(1e-6));
    assertThat((tokens.input() * prompt + tokens.output() * signals.completionTokens()) / 1e6)
        .isEqualTo(hours * USD, within(1e-9));
    assertThat(tokens.output()).isGreaterThan(10 * tokens.input());

    bill.read();
    pass(HOUR);
    bill.read();
    pass(HOUR);
    assertThat(bill.read().getFirst().perMillion()).as("nothing came in the window").isNull();
  }
}
