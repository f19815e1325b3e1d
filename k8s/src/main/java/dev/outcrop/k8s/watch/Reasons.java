package dev.outcrop.k8s.watch;

import dev.outcrop.k8s.policy.Decision;
import dev.outcrop.k8s.policy.Decision.Hold;
import dev.outcrop.k8s.policy.Decision.Reason;
import java.util.Locale;

/** A decision's reason, for people. */
final class Reasons {
  private Reasons() {}

  static String text(Decision decision) {
    String why =
        switch (decision.reason()) {
          case Reason.Needed needed -> "that is what " + figure(needed) + " needs";
          case Reason.Held held ->
              "%d are needed, but %s".formatted(held.needed(), hold(held.by()));
        };
    return decision
        .unreachable()
        .map(
            u ->
                "%s; no number keeps the budget of %d ms for a prompt of %d tokens, which takes %d ms"
                    .formatted(why, u.budget().toMillis(), u.promptTokens(), u.takes().toMillis()))
        .orElse(why);
  }

  private static String figure(Reason.Needed needed) {
    return needed.figure().toString().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String hold(Hold hold) {
    return switch (hold) {
      case STALE -> "too many pods were silent";
      case UNKNOWN_RATE -> "prompts wait and no pod knows its prefill rate yet";
      case SILENT -> "a pod was silent, so none is removed";
      case PENDING -> "a replica is still coming, so none is removed";
      case NO_HISTORY -> "pods were not read for a whole scale-down-window yet";
      case WINDOW -> "as many were needed within scale-down-window";
      case STEP -> "no more are added or removed at once";
      case BOUNDS -> "min or max, or requests that are in, bound it";
    };
  }
}
