package dev.outcrop.batching.loop;

import dev.outcrop.batching.Signals;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.schedule.SchedulerCounts;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What came of all the requests, by name. */
final class ChaosTally {
  private final Map<String, Long> counts = new TreeMap<>();
  private long ended;

  void refused(Reason reason) {
    count(reason.name(), 1);
  }

  void ended(@Nullable TokenEvent end) {
    ended++;
    count(
        switch (end) {
          case TokenEvent.Finished finished -> finished.reason().name();
          case TokenEvent.Failed failed -> failed.error().code().name();
          case TokenEvent.Token _ -> "TOKEN";
          case null -> "NOTHING";
        },
        1);
  }

  void life(Signals signals, SchedulerCounts scheduler) {
    count("lives", 1);
    count("steps", signals.steps());
    count("tokens", signals.completionTokens());
    count("preemptions", scheduler.preemptions());
    count("cachedTokens", scheduler.cachedTokens());
  }

  private void count(String what, long by) {
    counts.merge(what, by, Long::sum);
  }

  long ended() {
    return ended;
  }

  long of(String what) {
    return counts.getOrDefault(what, 0L);
  }

  @Override
  public String toString() {
    return ended + " requests: " + counts;
  }
}
