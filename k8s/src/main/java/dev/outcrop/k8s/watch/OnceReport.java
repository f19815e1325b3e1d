package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.PodReader;
import dev.outcrop.k8s.PodSignals;
import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.policy.Decision;
import dev.outcrop.k8s.policy.Needs;
import dev.outcrop.k8s.watch.ModelView.SeenPod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads all pods once and says what it sees and concludes; for operators. Writes nothing. */
public final class OnceReport {
  private OnceReport() {}

  /**
   * Reads and reports.
   *
   * @param lines takes the lines
   */
  public static void print(SignalsConfig config, KubernetesClient client, Consumer<String> lines)
      throws InterruptedException {
    PodDirectory directory =
        model ->
            Optional.of(
                PodDirectory.facts(
                    client
                        .pods()
                        .inNamespace(config.namespace())
                        .withLabels(model.selector())
                        .list()
                        .getItems()));
    try (PodReader reader = new PodReader(PodPoll.TIMEOUT);
        PodPoll poll = new PodPoll(reader)) {
      Watch watch =
          new Watch(
              config.models(),
              config.poll(),
              directory,
              new Replicas(client, config.namespace())::of,
              poll,
              InstantSource.system());
      for (ModelView view : watch.poll()) {
        watch.conclusion(view.model().id()).ifPresent(each -> print(view, each.decision(), lines));
      }
    }
  }

  private static void print(ModelView view, Decision decision, Consumer<String> lines) {
    lines.accept(
        "%s: deployment %s is told to have %d replicas"
            .formatted(view.model().id(), view.model().workload(), view.replicas()));
    table(view).forEach(line -> lines.accept("  " + line));
    Needs needs = decision.needs();
    lines.accept(
        String.format(
            Locale.ROOT,
            "  needed for the queue %.2f, for what arrives %.2f, for KV %.2f, for running requests"
                + " %.2f; times %.2f",
            needs.queue(),
            needs.flow(),
            needs.kv(),
            needs.running(),
            needs.correction()));
    lines.accept(
        "  desired %d (min %d, max %d, %s): %s"
            .formatted(
                decision.scaling().desiredReplicas(),
                view.model().min(),
                view.model().max(),
                decision.scaling().active() ? "active" : "not active",
                Reasons.text(decision)));
  }

  private static List<String> table(ModelView view) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "POD",
            "STATE",
            "RUNNING",
            "WAITING",
            "PROMPT TOKENS",
            "KV",
            "TOKENS/S",
            "KNEE",
            "COST"));
    view.pods().forEach(pod -> rows.add(row(pod)));
    int columns = rows.getFirst().size();
    List<Integer> widths = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      int column = i;
      widths.add(
          rows.stream()
              .filter(row -> row.size() == columns)
              .mapToInt(row -> row.get(column).length())
              .max()
              .orElse(0));
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static List<String> row(SeenPod pod) {
    PodFacts facts = pod.facts();
    String cost = facts.cost() == null ? "-" : facts.cost();
    return switch (pod) {
      case SeenPod.Answering(_, PodSignals signals) ->
          List.of(
              facts.name(),
              signals.ready() ? "answering" : "takes none",
              Integer.toString(signals.running()),
              Integer.toString(signals.waiting()),
              Long.toString(signals.waitingPromptTokens()),
              String.format(Locale.ROOT, "%.2f", signals.kvUse()),
              String.format(Locale.ROOT, "%.0f", signals.pace().prefillTokensPerSecond()),
              String.format(Locale.ROOT, "%.0f", signals.pace().knee()),
              cost);
      case SeenPod.Silent silent ->
          List.of(facts.name(), "silent", "-", "-", "-", "-", "-", "-", cost + "  " + silent.why());
      case SeenPod.Coming _ -> List.of(facts.name(), "coming", "-", "-", "-", "-", "-", "-", cost);
      case SeenPod.Leaving _ ->
          List.of(facts.name(), "leaving", "-", "-", "-", "-", "-", "-", cost);
    };
  }

  private static String line(List<String> row, List<Integer> widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      line.append(row.get(i)).repeat(" ", Math.max(0, widths.get(i) - row.get(i).length()) + 2);
    }
    return line.toString().stripTrailing();
  }
}
