package dev.outcrop.bench.dollars;

import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.options.Bounds;
import dev.outcrop.serving.options.CostOptions;
import dev.outcrop.serving.plan.Traffic;
import dev.outcrop.serving.prices.Device;
import dev.outcrop.serving.prices.Hourly;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import dev.outcrop.serving.prices.Purchase;
import dev.outcrop.serving.prices.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop bench dollars}: what a million tokens cost here and on Bedrock. */
@Command(
    name = "dollars",
    description = {
      "Tells what a million tokens cost on each instance beside Bedrock, from results of bench load.",
      "Where none is of an instance, the roofline stands in, marked as computed. Table on stderr,"
          + " JSON on stdout, HTML where asked for."
    },
    mixinStandardHelpOptions = true)
public final class DollarsCommand implements Callable<Integer> {
  private static final double USUAL_INPUT = 0.8;
  private static final double USUAL_TOKENS = 1_500;

  /** Operations in the time of a byte of processors that nothing is known of. */
  private static final double FLOPS_PER_BYTE = 60;

  @Mixin private final CostOptions cost = new CostOptions(1);

  @Parameters(
      arity = "0..*",
      paramLabel = "RESULT.json",
      description = "Results of bench load; without any everything is computed")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--served-model",
      paramLabel = "ID",
      description = "The id under which results asked for it, where that is another one (--model)")
  private @Nullable String servedModel;

  @Option(
      names = "--input-share",
      description = "Share of tokens that are input (that of the first result, else 0.8)")
  private @Nullable Double inputShare;

  @Option(
      names = "--request-tokens",
      description = "Tokens of a mean request, in and out (likewise, else 1500)")
  private @Nullable Double requestTokens;

  @Option(
      names = "--cached-share",
      description = "Share of input found in the prefix cache (likewise, else 0)")
  private @Nullable Double cachedShare;

  @Option(
      names = "--utilisation",
      split = ",",
      defaultValue = "0.3,0.6,1",
      paramLabel = "SHARE,...",
      description = "Loads to tell prices at, shares of full load (${DEFAULT-VALUE})")
  private double[] utilisations = {};

  @Option(
      names = "--usual",
      defaultValue = "0.6",
      description = "The load of break-even and verdict, mean over the month (${DEFAULT-VALUE})")
  private double usual;

  @Option(
      names = "--instance",
      paramLabel = "TYPE",
      description = "What results ran on that do not say so themselves")
  private @Nullable String instance;

  @Option(
      names = "--hourly-usd",
      paramLabel = "TYPE=USD",
      description = "The price of a type, in place of the table's; repeatable")
  private Map<String, Double> hourly = new LinkedHashMap<>();

  @Option(
      names = "--count-untested",
      description = "Let verdicts name what Outcrop has a program for but nobody has run")
  private boolean countUntested;

  @Option(names = "--html", paramLabel = "FILE", description = "Write one self-contained page too")
  private @Nullable Path html;

  @Spec private @Nullable CommandSpec spec;

  /** For picocli. */
  public DollarsCommand() {}

  @Override
  public Integer call() throws IOException {
    Bounds bounds = new Bounds(spec);
    check(bounds);
    Run run = Run.begin("dollars");
    Prices prices = cost.prices();
    List<MeasuredRun> runs = new ArrayList<>();
    for (Path file : files) {
      runs.addAll(MeasuredRun.read(file));
    }
    Question question = question(bounds, prices, runs);
    Answer answer = new Answer(question, offers(bounds, prices, question, runs));
    DollarsTable table = new DollarsTable(answer, prices, runs);
    System.err.print(table.text());
    if (html != null) {
      Files.writeString(html, new DollarsPage(table, run).html());
      System.err.println("wrote " + html);
    }
    DollarsFigures figures = new DollarsFigures(answer, prices, runs);
    run.print(figures.shape(), 1, DollarsFigures.units(), figures.results(), figures.headline());
    return 0;
  }

  private void check(Bounds bounds) {
    cost.check(bounds);
    bounds.writable("--html", html);
    bounds.within("--usual", usual, 0.01, 1);
    for (double utilisation : utilisations) {
      bounds.within("--utilisation", utilisation, 0.01, 1);
    }
    hourly.values().forEach(usd -> bounds.within("--hourly-usd", usd, 1e-6, 1e6));
  }

  private Question question(Bounds bounds, Prices prices, List<MeasuredRun> runs) {
    double input = USUAL_INPUT;
    double tokens = USUAL_TOKENS;
    double cached = 0;
    if (!runs.isEmpty()) { // computed rows are of the same traffic as what was measured first
      MeasuredRun.Point best = runs.getFirst().best();
      double all = best.rates().all();
      input = all > 0 ? best.rates().input() / all : input;
      tokens = best.requests() > 0 ? all / best.requests() : tokens;
      cached = best.rates().input() > 0 ? best.rates().cached() / best.rates().input() : 0;
    }
    input = inputShare == null ? input : inputShare;
    tokens = requestTokens == null ? tokens : requestTokens;
    cached = cachedShare == null ? cached : cachedShare;
    bounds.within("--input-share", input, 0, 1);
    bounds.within("--request-tokens", tokens, 2, 1e7);
    bounds.within("--cached-share", cached, 0, 0.999);
    return new Question(
        cost.model(),
        cost.work(),
        cost.bedrock(bounds, prices),
        new Traffic(tokens / 2, tokens / 2, cached).withInputShare(input),
        cost.slo(bounds),
        cost.share(),
        cost.purchase(),
        Arrays.stream(utilisations).boxed().toList(),
        usual,
        cost.zones(),
        cost.minPerZone(),
        cost.fixedUsd(),
        countUntested);
  }

  private List<Offer> offers(
      Bounds bounds, Prices prices, Question question, List<MeasuredRun> runs) {
    List<Offer> offers = new ArrayList<>();
    Set<String> measured = new HashSet<>();
    for (MeasuredRun run : runs) {
      String type = run.instance() == null ? instance : run.instance();
      bounds.that(
          type != null,
          run.name() + " does not say what instance it ran on (shape.instance): --instance TYPE");
      if (type != null) {
        Offer offer = Offer.measured(question, known(bounds, prices, type), run);
        Optional<String> wrong =
            RunCheck.wrong(question, offer, run, servedModel == null ? cost.model() : servedModel);
        bounds.that(wrong.isEmpty(), wrong.orElse(""));
        offers.add(offer);
        measured.add(type);
      }
    }
    for (String type : hourly.keySet()) {
      bounds.that(
          measured.contains(type) || prices.instance(type).isPresent(),
          "--hourly-usd %s is neither in the price table nor what a result ran on".formatted(type));
    }
    for (Instance each : prices.instances()) {
      if (!measured.contains(each.type())) {
        offers.add(Offer.computed(question, priced(each)));
      }
    }
    return offers;
  }

  private Instance known(Bounds bounds, Prices prices, String type) {
    Instance listed = prices.instance(type).orElse(null);
    bounds.that(
        listed != null || hourly.containsKey(type),
        "%s is not in the price table: --hourly-usd %s=USD, or --prices FILE"
            .formatted(type, type));
    if (listed != null) {
      return priced(listed);
    }
    Source source = new Source(RunCheck.GIVEN, "now", "the command line");
    Device device =
        new Device("processors of " + type, Device.Kind.CPU, 1, 1, FLOPS_PER_BYTE, source);
    return priced(new Instance(type, device, 1, Map.of()));
  }

  private Instance priced(Instance listed) {
    Double usd = hourly.get(listed.type());
    if (usd == null) {
      return listed;
    }
    Map<Purchase, Hourly> prices = new EnumMap<>(Purchase.class);
    prices.putAll(listed.hourly());
    prices.put(
        cost.purchase(), new Hourly(usd, new Source(RunCheck.GIVEN, "now", "the command line")));
    return new Instance(listed.type(), listed.device(), listed.devices(), prices);
  }
}
