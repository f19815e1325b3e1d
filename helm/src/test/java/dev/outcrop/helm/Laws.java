package dev.outcrop.helm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** All that holds of every rendering. */
final class Laws {
  static final Map<String, Function<Rendering, List<String>>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("fields", ObjectLaws::fields);
    ALL.put("namespaces", ObjectLaws::namespaces);
    ALL.put("names", ObjectLaws::names);
    ALL.put("labels", ObjectLaws::labels);
    ALL.put("secrets", ObjectLaws::secrets);
    ALL.put("restricted", PodLaws::restricted);
    ALL.put("probes", PodLaws::probes);
    ALL.put("devices", PodLaws::devices);
    ALL.put("images", PodLaws::images);
    ALL.put("references", PodLaws::references);
    ALL.put("tokens", PodLaws::tokens);
    ALL.put("selectors", SelectorLaws::meant);
    ALL.put("ports", SelectorLaws::ports);
    ALL.put("monitors", SelectorLaws::monitors);
    ALL.put("budgets", SelectorLaws::budgets);
    ALL.put("closed", SelectorLaws::closed);
    ALL.put("scaling", ScalingLaws::one);
    ALL.put("waking", ScalingLaws::waking);
    ALL.put("server config", ConfigLaws::server);
    ALL.put("signals config", ConfigLaws::signals);
    ALL.put("grace", ConfigLaws::grace);
    ALL.put("rights", RightLaws::findings);
  }

  private Laws() {}

  static List<String> findings(Rendering rendering) {
    List<String> findings = new ArrayList<>();
    ALL.forEach(
        (law, check) ->
            check.apply(rendering).forEach(finding -> findings.add(law + ": " + finding)));
    return findings;
  }
}
