package dev.outcrop.bench.dollars;

import dev.outcrop.bench.report.Machine;
import dev.outcrop.bench.report.Run;
import dev.outcrop.serving.plan.BreakEven;
import dev.outcrop.serving.prices.Hourly;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** An answer as one page of HTML that asks nobody for anything. */
final class DollarsPage {
  private static final Pattern PLACE = Pattern.compile("\\$\\{([a-z]+)}");
  private static final double MILLION = 1e6;
  private static final int STEPS = 120;

  private final DollarsTable table;
  private final Answer answer;
  private final Question question;
  private final Run run;

  DollarsPage(DollarsTable table, Run run) {
    this.table = table;
    this.answer = table.answer();
    this.question = answer.question();
    this.run = run;
  }

  /** The page. */
  String html() {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("model", Chart.escaped(question.model()));
    parts.put(
        "about",
        Chart.escaped(
            String.format(
                Locale.ROOT,
                "outcrop bench dollars at commit %s, %s. $/M is USD for a million tokens.",
                Machine.commitOf(Run.HOME),
                run.start().truncatedTo(ChronoUnit.SECONDS))));
    parts.put("verdict", items(answer.verdict()));
    parts.put("assumptions", items(table.assumptions()));
    parts.put("usual", Math.round(100 * question.usual()) + "%");
    parts.put("bars", bars());
    parts.put("rows", answer.offers().stream().map(this::rows).collect(Collectors.joining("\n")));
    parts.put("months", months());
    parts.put("mixes", mixes());
    return PLACE
        .matcher(template())
        .replaceAll(
            place ->
                Matcher.quoteReplacement(
                    Objects.requireNonNull(parts.get(place.group(1)), place.group(1))));
  }

  private static String template() {
    try (InputStream in =
        Objects.requireNonNull(DollarsPage.class.getResourceAsStream("page.html"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the page's template cannot be read", e);
    }
  }

  private static String items(List<String> sentences) {
    return sentences.stream()
        .map(sentence -> "<li>" + Chart.escaped(sentence) + "</li>")
        .collect(Collectors.joining("\n"));
  }

  private String bars() {
    List<Chart.Bar> bars =
        answer.compared().stream()
            .filter(offer -> offer.priced() && offer.own(question).isPresent())
            .sorted(Comparator.comparingDouble(offer -> offer.usualPerMillion(question)))
            .map(this::bar)
            .toList();
    Double bedrock = question.bedrockPerMillion(question.traffic());
    double mark = bedrock == null ? 0 : bedrock;
    return bars.isEmpty()
        ? "<p class=\"about\">No instance with a price serves these requests.</p>"
        : Chart.bars(bars, mark, String.format(Locale.ROOT, "Bedrock $%.3f", mark));
  }

  private Chart.Bar bar(Offer offer) {
    double usd = offer.usualPerMillion(question);
    return new Chart.Bar(
        offer.instance().type(),
        usd,
        offer.basis(),
        String.format(
            Locale.ROOT, "$%.3f %s, %s", usd, offer.basis(), offer.standing().state().word()));
  }

  private String rows(Offer offer) {
    List<Offer.Level> levels = offer.levels(question);
    Hourly hourly = offer.hourly();
    String price = hourly == null ? "none" : String.format(Locale.ROOT, "%.4f", hourly.usd());
    String standing = table.standing(offer);
    if (levels.isEmpty()) {
      return row(
          offer,
          offer.instance().type(),
          offer.basis(),
          price,
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          "",
          standing);
    }
    Double bedrock = question.bedrockPerMillion(offer.traffic());
    Optional<BreakEven> even = offer.breakEven(question);
    List<String> rows = new ArrayList<>();
    for (Offer.Level level : levels) {
      rows.add(
          row(
              offer,
              offer.instance().type(),
              offer.basis(),
              price,
              level.load(),
              String.format(Locale.ROOT, "%,.0f", level.rates().all()),
              String.format(Locale.ROOT, "%.3f", level.cost().input()),
              String.format(Locale.ROOT, "%.3f", level.cost().output()),
              level.rates().cached() > 0
                  ? String.format(Locale.ROOT, "%.4f", level.cost().cached())
                  : "",
              String.format(Locale.ROOT, "%.3f", level.cost().blended()),
              bedrock == null ? "" : String.format(Locale.ROOT, "%.3f", bedrock),
              even.map(at -> String.format(Locale.ROOT, "%,.0f", at.tokensPerMonth() / MILLION))
                  .orElse(bedrock == null ? "-" : "never"),
              even.map(at -> String.format(Locale.ROOT, "%,.0f", at.usdPerMonth())).orElse(""),
              standing));
    }
    return String.join("\n", rows);
  }

  private static String row(Offer offer, String... cells) {
    StringBuilder row = new StringBuilder("<tr class=\"" + offer.basis() + "\">");
    for (int i = 0; i < cells.length; i++) {
      boolean words = i == 1 || i == cells.length - 1;
      row.append(words ? "<td class=\"words\">" : "<td>")
          .append(Chart.escaped(cells[i]))
          .append("</td>");
    }
    return row.append("</tr>").toString();
  }

  /** The cheapest offers' months beside Bedrock's. */
  private String months() {
    Double bedrock = question.bedrockPerMillion(question.traffic());
    List<Offer> shown = new ArrayList<>();
    answer.cheapest().ifPresent(shown::add);
    answer.cheapestOfAll().filter(offer -> !shown.contains(offer)).ifPresent(shown::add);
    if (bedrock == null || shown.isEmpty()) {
      return "<p class=\"about\">There is nothing to compare.</p>";
    }
    double list = bedrock;
    double middle =
        shown.stream()
            .flatMap(offer -> offer.breakEven(question).stream())
            .mapToDouble(BreakEven::tokensPerMonth)
            .findFirst()
            .orElse(BreakEven.RULE_OF_THUMB / list * MILLION);
    List<Double> loads = new ArrayList<>();
    for (int i = 0; i <= STEPS; i++) {
      loads.add(middle / 30 * Math.pow(900, (double) i / STEPS));
    }
    List<Chart.Line> lines = new ArrayList<>();
    lines.add(line("Bedrock", "bedrock", loads, tokens -> tokens / MILLION * list, false));
    for (Offer offer : shown) {
      offer
          .own(question)
          .ifPresent(
              own ->
                  lines.add(
                      line(
                          offer.instance().type() + ", " + offer.basis(),
                          offer.counts(question) ? offer.basis() : "other",
                          loads,
                          own::usdPerMonth,
                          false)));
    }
    lines.add(line("rule of thumb", "other", loads, _ -> BreakEven.RULE_OF_THUMB, true));
    return Chart.lines(lines, false, "tokens a month", Chart::number);
  }

  private static Chart.Line line(
      String name, String colour, List<Double> x, Function<Double, Double> y, boolean dotted) {
    return new Chart.Line(
        name, colour, x.stream().map(at -> new double[] {at, y.apply(at)}).toList(), dotted);
  }

  private String mixes() {
    List<double[]> served = new ArrayList<>();
    List<double[]> all = new ArrayList<>();
    Set<String> bases = new TreeSet<>();
    Set<String> basesOfAll = new TreeSet<>();
    List<double[]> bedrock = new ArrayList<>();
    for (Answer.Mix mix : answer.mixes()) {
      double at = mix.inputShare();
      mix.answer()
          .cheapest()
          .ifPresent(
              offer -> {
                served.add(new double[] {at, offer.usualPerMillion(question)});
                bases.add(offer.basis());
              });
      mix.answer()
          .cheapestOfAll()
          .ifPresent(
              offer -> {
                all.add(new double[] {at, offer.usualPerMillion(question)});
                basesOfAll.add(offer.basis());
              });
      Double list = question.bedrockPerMillion(mix.traffic());
      if (list != null) {
        bedrock.add(new double[] {at, list});
      }
    }
    List<Chart.Line> lines = new ArrayList<>();
    String colour = bases.size() == 1 ? bases.iterator().next() : "scaled";
    add(lines, "counted, " + String.join(", ", bases), colour, served);
    add(lines, "all, " + String.join(", ", basesOfAll), "other", all);
    add(lines, "Bedrock", "bedrock", bedrock);
    return Chart.lines(
        lines, true, "share of tokens that are input", tick -> Math.round(100 * tick) + "%");
  }

  private static void add(
      List<Chart.Line> lines, String name, String colour, List<double[]> points) {
    if (!points.isEmpty()) {
      lines.add(new Chart.Line(name, colour, points, false));
    }
  }
}
