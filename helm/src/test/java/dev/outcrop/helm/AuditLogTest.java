package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the tests on a cluster conclude from a log. */
class AuditLogTest {
  private final List<String> lines = new ArrayList<>();

  private void lease(String agent, String spec) {
    log(agent, "leases", 200, ", \"requestObject\": {\"spec\": " + spec + "}");
  }

  private void write(String agent) {
    log(agent, "configmaps", 200, "");
  }

  private void log(String agent, String resource, int code, String more) {
    lines.add(
        """
        {"stageTimestamp": "2026-11-21T12:00:00.%06dZ", "userAgent": "%s", "responseStatus": {"code": %d},
         "objectRef": {"namespace": "models", "resource": "%s", "name": "a"}%s}
        """
            .formatted(lines.size(), agent, code, resource, more));
  }

  private List<AuditLog.Change> withoutTheLease() throws IOException {
    return AuditLog.withoutTheLease(AuditLog.changes("models", lines), Set.of("first", "second"));
  }

  @Test
  void theHolderMayWriteUntilItGivesTheLeaseBack() throws IOException {
    for (String nobody : List.of("null", "\"\"")) {
      lines.clear();
      lease("first", "{\"holderIdentity\": \"first\"}");
      write("first");
      lease("first", "{\"renewTime\": \"2026-11-21T12:00:01.000000Z\"}");
      write("first");
      assertThat(withoutTheLease()).as("it holds it").isEmpty();

      lease("first", "{\"holderIdentity\": %s, \"leaseDurationSeconds\": 1}".formatted(nobody));
      write("first");

      assertThat(withoutTheLease()).containsExactly(AuditLog.changes("models", lines).getLast());
      assertThat(AuditLog.changes("models", lines))
          .extracting(AuditLog.Change::holder)
          .containsExactly("first", null, null, null, "", null);
    }
  }

  @Test
  void onlyWhoTookTheLeaseMayWrite() throws IOException {
    write("second");
    lease("first", "{\"holderIdentity\": \"first\"}");
    write("second");
    log(
        "second",
        "leases",
        409,
        ", \"requestObject\": {\"spec\": {\"holderIdentity\": \"second\"}}");
    write("second");
    write("kube-controller-manager");
    assertThat(withoutTheLease())
        .extracting(AuditLog.Change::agent)
        .hasSize(3)
        .containsOnly("second");

    lease("second", "{\"holderIdentity\": \"second\"}");
    write("second");
    assertThat(withoutTheLease()).hasSize(3);

    write("first");
    assertThat(withoutTheLease()).hasSize(4);
  }
}
