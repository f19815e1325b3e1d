package dev.outcrop.bench.dollars;

import dev.outcrop.serving.plan.Layout;
import dev.outcrop.serving.prices.Instance;
import dev.outcrop.serving.prices.Prices;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Whether a run can be of the model and the instance that it is given for. */
final class RunCheck {
  /** The source of an instance of which only its price was given. */
  static final String GIVEN = "--hourly-usd";

  private static final double GIGA = 1e9;

  private RunCheck() {}

  /**
   * What is wrong with a run: of another model, of a part of the instance, or of what its memory
   * cannot hold.
   *
   * @param offer what the run makes of its instance
   * @param expected the id that it should have asked for, or the folder of the model
   */
  static Optional<String> wrong(Question question, Offer offer, MeasuredRun run, String expected) {
    String asked = run.model();
    if (asked != null && Collections.disjoint(names(asked), names(expected))) {
      return Optional.of(
          "%s asked for the model %s, not %s: --served-model %s if that is it"
              .formatted(run.name(), asked, expected, asked));
    }
    Instance ran = offer.instance();
    if (run.devices() > 0 && run.devices() != ran.devices()) {
      return Optional.of(
          "%s is of %d device(s) and %s has %d: measure whole instances (bench load --devices)"
              .formatted(run.name(), run.devices(), ran.type(), ran.devices()));
    }
    boolean unknown = ran.device().source().name().equals(GIVEN);
    if (!unknown && Layout.of(question.work(), ran, offer.traffic().tokens()).isEmpty()) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "%s cannot be of %s: weights of %.1f GB and KV do not fit its memory",
              run.name(),
              ran.type(),
              question.work().weightBytes() / GIGA));
    }
    return Optional.empty();
  }

  private static Set<String> names(String idOrFolder) {
    Set<String> names = new HashSet<>(Prices.names(idOrFolder));
    Path last = Path.of(idOrFolder).toAbsolutePath().normalize().getFileName();
    if (last != null) {
      names.addAll(Prices.names(last.toString()));
    }
    return names;
  }
}
