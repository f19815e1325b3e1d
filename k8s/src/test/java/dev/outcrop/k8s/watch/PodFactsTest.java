package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.net.URI;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PodFactsTest {
  private static final Pod READY = Cluster.ready("llama-0");

  private static PodFacts.Phase phase(Pod pod) {
    return PodFacts.of(pod).orElseThrow().phase();
  }

  @Test
  void readsAReadyPod() {
    assertThat(PodFacts.of(READY))
        .hasValue(
            new PodFacts(
                "llama-0",
                "uid-llama-0",
                "null",
                "127.0.0.1",
                PodFacts.Phase.READY,
                Instant.parse("2026-01-01T10:02:00Z"),
                null,
                null));
  }

  @Test
  void aPodThatIsNotReadyOrHasNoAddressIsComing() {
    Pod loading =
        new PodBuilder(READY)
            .editStatus()
            .editFirstCondition()
            .withStatus("False")
            .endCondition()
            .endStatus()
            .build();
    assertThat(phase(loading)).isEqualTo(PodFacts.Phase.COMING);
    assertThat(PodFacts.of(loading).orElseThrow().since())
        .as("since it is not ready any more")
        .isEqualTo(Instant.parse("2026-01-01T10:02:00Z"));
    assertThat(PodFacts.of(new PodBuilder(READY).withStatus(null).build()).orElseThrow().since())
        .as("since it was created")
        .isEqualTo(Instant.parse("2026-01-01T10:00:00Z"));
    assertThat(phase(new PodBuilder(READY).editStatus().withPodIP(null).endStatus().build()))
        .isEqualTo(PodFacts.Phase.COMING);
    assertThat(phase(new PodBuilder(READY).withStatus(null).build()))
        .isEqualTo(PodFacts.Phase.COMING);
  }

  @Test
  void aPodThatIsBeingDeletedIsLeavingThoughReady() {
    assertThat(
            phase(
                new PodBuilder(READY)
                    .editMetadata()
                    .withDeletionTimestamp("2026-11-21T11:00:00Z")
                    .endMetadata()
                    .build()))
        .isEqualTo(PodFacts.Phase.LEAVING);
  }

  @Test
  void aPodThatHasEndedIsNone() {
    assertThat(
            PodFacts.of(new PodBuilder(READY).editStatus().withPhase("Failed").endStatus().build()))
        .isEmpty();
  }

  @Test
  void bracketsAnAddressOfIpVersion6() {
    Pod six = new PodBuilder(READY).editStatus().withPodIP("fd00::7").endStatus().build();
    assertThat(PodFacts.of(six).orElseThrow().management(8081))
        .isEqualTo(URI.create("http://[fd00::7]:8081"));
  }
}
