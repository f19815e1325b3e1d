package dev.outcrop.models.loading;

import dev.outcrop.models.OutcropException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What an inspection found so far. */
final class Findings {
  private final List<Inspection.Finding> unsupported = new ArrayList<>();
  private final List<Inspection.Finding> limits = new ArrayList<>();

  /** Why the model cannot be served. */
  List<Inspection.Finding> unsupported() {
    return unsupported;
  }

  /** What it is served without. */
  List<Inspection.Finding> limits() {
    return limits;
  }

  void refuse(String what, String why) {
    unsupported.add(new Inspection.Finding(what, why));
  }

  void refuse(String what, OutcropException e) {
    refuse(what, String.valueOf(e.getMessage()));
  }

  void limit(String what, String why) {
    limits.add(new Inspection.Finding(what, why));
  }

  /** The value, or null after the error was noted. */
  <T> @Nullable T tried(String what, Supplier<T> part) {
    try {
      return part.get();
    } catch (OutcropException e) {
      refuse(what, e);
      return null;
    }
  }
}
