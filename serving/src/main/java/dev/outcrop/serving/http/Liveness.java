package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.batching.Health;
import dev.outcrop.serving.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** What both probes say of models that do not live: the step they are stuck in, in counts. */
final class Liveness {
  private Liveness() {}

  /** Of models by name, those whose engine loops do not live. */
  static Map<String, Health> troubled(Map<String, Health> all) {
    return only(all, health -> !(health instanceof Health.Live));
  }

  /** Those that have work and make no progress; in a drain loops end one by one, as they should. */
  static Map<String, Health> stuck(Map<String, Health> all) {
    return only(all, health -> health instanceof Health.Stuck || health instanceof Health.Stalled);
  }

  private static Map<String, Health> only(Map<String, Health> all, Predicate<Health> which) {
    Map<String, Health> some = new LinkedHashMap<>();
    all.forEach(
        (id, health) -> {
          if (which.test(health)) {
            some.put(id, health);
          }
        });
    return some;
  }

  static ObjectNode body(Map<String, Health> health) {
    boolean dead = health.values().stream().anyMatch(Health.Dead.class::isInstance);
    ObjectNode body = Json.object().put("status", dead ? "dead" : "stuck");
    ArrayNode models = body.putArray("models");
    health.forEach((id, state) -> model(state, models.addObject().put("model", id)));
    return body;
  }

  private static void model(Health health, ObjectNode to) {
    switch (health) {
      case Health.Live _ -> to.put("status", "live");
      case Health.Dead(var reason) -> to.put("status", "dead").put("reason", reason);
      case Health.Stalled(var took) ->
          to.put("status", "stalled").put("tookMillis", took.toMillis());
      case Health.Stuck(var step, var took) ->
          to.put("status", "stuck")
              .put("tookMillis", took.toMillis())
              .putObject("step")
              .put("number", step.number())
              .put("rows", step.rows())
              .put("decodeRows", step.decodeRows())
              .put("prefillTokens", step.prefillTokens())
              .put("kvSegments", step.kvSegments())
              .put("expectedMillis", step.expected().toMillis())
              .put("limitMillis", step.limit().toMillis());
    }
  }
}
