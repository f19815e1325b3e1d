package dev.outcrop.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.k8s.PodReader;
import dev.outcrop.k8s.Scaling;
import dev.outcrop.k8s.config.ModelConfig;
import dev.outcrop.k8s.config.SignalsConfig;
import dev.outcrop.k8s.config.SignalsFile;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchTest {
  private static final Instant START = Instant.parse("2026-11-21T10:10:00Z");

  @TempDir private Path folder;
  private final FakePods fakes = new FakePods();
  private final PodReader reader = new PodReader(PodPoll.TIMEOUT);
  private final PodPoll poll = new PodPoll(reader);
  private final Fence fence = new Fence(() -> 0, Duration.ofSeconds(10));
  private Optional<List<Pod>> pods = Optional.of(List.of(Cluster.ready("a"), Cluster.ready("b")));
  private OptionalInt replicas = OptionalInt.of(2);
  private Instant now = START;
  private Watch watch;
  private SignalsMetrics metrics;

  @BeforeEach
  void start() throws Exception {
    Path file = folder.resolve("signals.yaml");
    Files.writeString(
        file,
        """
        models:
        - {id: "%s", workload: w, selector: {a: b}, management-port: %d, min: 1, max: 8}
        """
            .formatted(FakePods.MODEL, fakes.port()));
    SignalsConfig config = SignalsFile.read(file, Map.of("POD_NAMESPACE", "n", "POD_NAME", "p"));
    List<ModelConfig> models = config.models();
    watch =
        new Watch(
            models,
            config.poll(),
            _ -> pods.map(PodDirectory::facts),
            _ -> replicas,
            poll,
            () -> now);
    metrics = new SignalsMetrics(watch, fence);
  }

  @AfterEach
  void stop() {
    poll.close();
    reader.close();
    fakes.close();
  }

  private Scaling latest() {
    return watch.latest(FakePods.MODEL).orElseThrow();
  }

  private String page() {
    return metrics.page(null).text();
  }

  private static Pod leaving(String name) {
    return new PodBuilder(Cluster.ready(name))
        .editMetadata()
        .withDeletionTimestamp("2026-11-21T10:05:00Z")
        .endMetadata()
        .build();
  }

  @Test
  void addsUpWhatPodsSay() throws Exception {
    fakes.say(FakePods.page(3, 4_000, 0.25));
    watch.poll();

    assertThat(latest().totals()).isEqualTo(new Scaling.Totals(2, 0, 0, 8_000, 4, 6, 0.5, 2_000));
    assertThat(latest().active()).isTrue();
    assertThat(latest().desiredReplicas()).isGreaterThan(2);
  }

  @Test
  void forgetsPodsThatAreGone() throws Exception {
    fakes.say(FakePods.page(3, 4_000, 0.25));
    watch.poll();
    pods = Optional.of(List.of(Cluster.ready("a"), leaving("b")));
    watch.poll();
    assertThat(latest().totals().readyReplicas()).isEqualTo(1);
    assertThat(latest().totals().running()).isEqualTo(3);

    pods = Optional.of(List.of());
    watch.poll();
    assertThat(latest().totals().running()).isZero();
    assertThat(latest().totals().waitingPromptTokens()).isZero();
    assertThat(page()).contains("state=\"answering\",} 0.0").contains("state=\"leaving\",} 0.0");
  }

  @Test
  void removesNothingWhilePodsAreSilent() throws Exception {
    fakes.say("");
    watch.poll();

    assertThat(latest().totals().silentReplicas()).isEqualTo(2);
    assertThat(latest().desiredReplicas()).isEqualTo(2);
    assertThat(page())
        .contains("outcrop_signals_silent_pods{model=\"" + FakePods.MODEL + "\",} 2.0");
  }

  @Test
  void takesThePodsThatStayWhereNobodySaysHowManyThereShouldBe() throws Exception {
    replicas = OptionalInt.empty();
    pods = Optional.of(List.of(Cluster.ready("a"), Cluster.ready("b"), leaving("c")));

    assertThat(watch.poll().getFirst().replicas()).isEqualTo(2);
  }

  @Test
  void concludesNothingOfPodsThatAreNotKnownYet() throws Exception {
    pods = Optional.empty();
    assertThat(watch.poll()).isEmpty();
    assertThat(watch.latest(FakePods.MODEL)).isEmpty();
    assertThat(watch.hasReadAll()).isFalse();
    assertThat(page()).doesNotContain("outcrop_signals_desired_replicas{");
  }

  @Test
  void aConclusionThatIsTooOldIsNone() throws Exception {
    watch.poll();
    now = START.plusSeconds(15);
    assertThat(watch.latest(FakePods.MODEL)).isPresent();
    now = START.plusSeconds(16);
    assertThat(watch.latest(FakePods.MODEL)).isEmpty();
    assertThat(page()).doesNotContain("outcrop_signals_desired_replicas{");
    assertThat(watch.hasReadAll()).isTrue();
  }

  @Test
  void tellsListenersUntilTheyLeaveAndThoughOneFails() throws Exception {
    List<Scaling> heard = new ArrayList<>();
    AutoCloseable failing =
        watch.listen(
            _ -> {
              throw new IllegalStateException("a listener of the test");
            });
    AutoCloseable listening = watch.listen(heard::add);
    watch.poll();
    assertThat(heard).containsExactly(latest());
    listening.close();
    failing.close();
    watch.poll();
    assertThat(heard).hasSize(1);
  }
}
