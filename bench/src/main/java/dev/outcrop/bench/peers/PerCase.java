package dev.outcrop.bench.peers;

import dev.outcrop.bench.peers.Trials.Candidate;
import dev.outcrop.bench.peers.Trials.Choice;
import dev.outcrop.bench.peers.Trials.Found;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A peer that runs each case in the way that was fastest for it. A way is started when a case first
 * needs it, and stays.
 */
final class PerCase implements Contestant {
  private static final String WAY = "backend";

  private final Found found;
  private final Starting starting;
  private final Map<Candidate, Contestant> open = new LinkedHashMap<>();

  /** Starts a peer in one of the ways. */
  interface Starting {
    Contestant start(Candidate way) throws MissingException;
  }

  PerCase(Found found, Starting starting) {
    this.found = found;
    this.starting = starting;
  }

  /** Those of all ways; where they differ, each with the cases it is for. */
  @Override
  public Map<String, String> settings() {
    Set<String> names = new LinkedHashSet<>();
    found.choices().values().forEach(choice -> names.addAll(choice.settings().keySet()));
    Map<String, String> settings = new LinkedHashMap<>();
    for (String name : names) {
      Map<String, List<String>> casesOf =
          found.choices().entrySet().stream()
              .collect(
                  Collectors.groupingBy(
                      entry -> entry.getValue().settings().getOrDefault(name, "none"),
                      LinkedHashMap::new,
                      Collectors.mapping(Map.Entry::getKey, Collectors.toList())));
      settings.put(
          name,
          casesOf.size() == 1
              ? casesOf.keySet().iterator().next()
              : casesOf.entrySet().stream()
                  .map(each -> each.getKey() + " for " + String.join(", ", each.getValue()))
                  .collect(Collectors.joining("; ")));
    }
    settings.put("trials", found.trials());
    return settings;
  }

  @Override
  public Reply measure(Case what) {
    Choice choice = found.of(what);
    Contestant contestant = open.get(choice.candidate());
    try {
      if (contestant == null) {
        contestant = starting.start(choice.candidate());
        open.put(choice.candidate(), contestant);
      }
    } catch (MissingException e) {
      return new Reply.Failed(e.reason());
    }
    return switch (contestant.measure(what)) {
      case Reply.Measured(double[] millis, int token, Map<String, String> chosen) -> {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(WAY, choice.candidate().name());
        settings.putAll(chosen);
        yield new Reply.Measured(millis, token, settings);
      }
      case Reply.Absent absent -> absent;
      case Reply.Failed failed -> failed;
      case Reply.Ready ready -> ready;
    };
  }

  @Override
  public void close() {
    open.values().forEach(Contestant::close);
    open.clear();
  }
}
