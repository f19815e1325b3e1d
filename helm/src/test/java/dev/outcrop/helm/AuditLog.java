package dev.outcrop.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the API server was asked to change, by its own log. */
final class AuditLog {
  private static final ObjectMapper JSON = new ObjectMapper();

  private AuditLog() {}

  /**
   * A change that was made.
   *
   * @param at when its answer was written
   * @param agent who asked
   * @param resource of what kind it is
   * @param name what was changed
   * @param holder who holds the Lease by this change, empty for nobody; null where it says nothing
   *     of that
   */
  record Change(Instant at, String agent, String resource, String name, @Nullable String holder) {}

  /** The changes of a namespace, as they came. */
  static List<Change> changes(String namespace) throws IOException {
    return changes(namespace, Files.readAllLines(TestCluster.file("audit.log")));
  }

  /** The same of the lines of a log. */
  static List<Change> changes(String namespace, List<String> lines) throws IOException {
    List<Change> changes = new ArrayList<>();
    for (String line : lines) {
      JsonNode event = JSON.readTree(line);
      JsonNode object = event.get("objectRef");
      if (object.path("namespace").asText().equals(namespace)
          && event.at("/responseStatus/code").asInt() < 300) {
        changes.add(
            new Change(
                Instant.parse(event.get("stageTimestamp").asText()),
                event.path("userAgent").asText(),
                object.path("resource").asText(),
                object.path("name").asText(),
                holder(event.at("/requestObject/spec/holderIdentity"))));
      }
    }
    changes.sort(Comparator.comparing(Change::at));
    return changes;
  }

  private static @Nullable String holder(JsonNode identity) {
    if (identity.isMissingNode()) {
      return null;
    }
    return identity.isNull() ? "" : identity.asText();
  }

  /**
   * What agents changed, except the Lease, that did not hold it at the time.
   *
   * @param changes all of a namespace that has one Lease, as they came
   */
  static List<Change> withoutTheLease(List<Change> changes, Set<String> agents) {
    List<Change> found = new ArrayList<>();
    String holder = "";
    for (Change change : changes) {
      if (change.resource().equals("leases")) {
        holder = Objects.requireNonNullElse(change.holder(), holder);
      } else if (agents.contains(change.agent()) && !change.agent().equals(holder)) {
        found.add(change);
      }
    }
    return found;
  }
}
