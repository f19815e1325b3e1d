package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.QuotaConfig;
import dev.outcrop.serving.testing.Signer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quotas that several replicas share. */
final class LiveReplicasTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("live");
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
  }

  @Test
  void isOneUntilSomebodySaysOtherwise() throws IOException {
    LiveReplicas replicas = new LiveReplicas(file);
    assertThat(replicas.look()).isFalse();
    assertThat(replicas.count()).isEqualTo(1);

    write("3\n");
    assertThat(replicas.look()).as("it may be half of a number").isFalse();
    assertThat(replicas.look()).isTrue();
    assertThat(replicas.count()).isEqualTo(3);
    assertThat(replicas.look()).isFalse();
  }

  @Test
  void takesWhatIsThereAtTheStart() throws IOException {
    write(" 12 ");
    assertThat(new LiveReplicas(file).count()).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "two", "1.5", "2 3", "12345678"})
  void keepsTheLastGoodNumber(String text) throws IOException {
    write("4");
    LiveReplicas replicas = new LiveReplicas(file);
    write(text);
    replicas.look();
    assertThat(replicas.look()).isFalse();
    assertThat(replicas.count()).isEqualTo(4);
    Files.delete(file);
    assertThat(replicas.look()).isFalse();
    assertThat(replicas.count()).isEqualTo(4);
    write("5");
    replicas.look();
    assertThat(replicas.look()).isTrue();
    assertThat(replicas.count()).isEqualTo(5);
  }

  @Test
  void takesNoNumberThatIsStillBeingWritten() throws IOException {
    write("2");
    LiveReplicas replicas = new LiveReplicas(file);
    write("1");
    replicas.look();
    write("12");
    replicas.look();
    assertThat(replicas.count()).isEqualTo(2);
    replicas.look();
    assertThat(replicas.count()).isEqualTo(12);
  }

  @ParameterizedTest
  @CsvSource({"600, 1, 600", "600, 4, 150", "10, 4, 2", "3, 4, 1", "1, 100, 1", "0, 4, 0"})
  void sharesRoundDownButNotToNothing(int whole, int replicas, int share) {
    assertThat(new QuotaConfig(whole, whole, whole).sharedBy(replicas))
        .isEqualTo(new QuotaConfig(share, share, share));
  }

  private static void take(Meter meter, long tokens) {
    assertThat(meter.reserve(tokens)).isZero();
    meter.settle(tokens, tokens);
  }

  @Test
  void thePartThatIsLeftStaysWhenTheShareChanges() {
    Meter meter = new Meter(new QuotaConfig(0, 600, 0), 1, () -> 0);
    take(meter, 250);
    meter.change(new QuotaConfig(0, 600, 0), 2);
    assertThat(meter.reserve(176)).isPositive();
    take(meter, 100);
    meter.change(new QuotaConfig(0, 600, 0), 1);
    assertThat(meter.reserve(151)).as("nothing is forgiven").isPositive();
    assertThat(meter.reserve(150)).isZero();
  }

  @Test
  void whoUsedAllOfAQuotaWaitsNoLongerWhenMoreReplicasShareIt() {
    Meter meter = new Meter(new QuotaConfig(60, 6000, 0), 1, () -> 0);
    for (int i = 0; i < 60; i++) {
      assertThat(meter.enter(1, 0)).isZero();
    }
    take(meter, 6000);
    meter.change(new QuotaConfig(60, 6000, 0), 4);
    assertThat(meter.reserve(1500)).as("a full share").isEqualTo(Duration.ofMinutes(1));
    assertThat(meter.enter(1, 0)).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void whatWasTakenBeyondTheQuotaStaysTheSamePart() {
    Meter meter = new Meter(new QuotaConfig(0, 600, 0), 1, () -> 0);
    take(meter, 900);
    meter.change(new QuotaConfig(0, 600, 0), 3);
    assertThat(meter.reserve(200)).as("half a share is owed").isEqualTo(Duration.ofSeconds(90));
  }

  @ParameterizedTest
  @CsvSource({"4, 1, 5900", "4, 3, 1900", "1, 4, 1400", "4, 4, 1400"})
  void whatARequestGivesBackIsWhatItReserved(int before, int after, long left) {
    Meter meter = new Meter(new QuotaConfig(0, 6000, 0), before, () -> 0);
    assertThat(meter.reserve(4096)).isZero();
    meter.change(new QuotaConfig(0, 6000, 0), after);
    meter.settle(4096, 100);
    assertThat(meter.reserve(left + 1)).isPositive();
    assertThat(meter.reserve(left)).isZero();
  }

  @Test
  void aReservationThatTheShareHasMadeUpForIsNoDebt() {
    AtomicLong now = new AtomicLong();
    Meter meter = new Meter(new QuotaConfig(0, 6000, 0), 1, now::get);
    assertThat(meter.reserve(4096)).isZero();
    now.addAndGet(Duration.ofMinutes(1).toNanos());
    meter.change(new QuotaConfig(0, 6000, 0), 4);
    assertThat(meter.reserve(1500)).isZero();
  }

  @Test
  void servesARequestThatOnlyTheWholeQuotaHolds() {
    Meter meter = new Meter(new QuotaConfig(8, 0, 8), 4, () -> 0);
    assertThat(meter.most()).isEqualTo(8);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(7, 1)).isZero();
    assertThat(meter.enter(1, 0)).as("too many are in").isPositive();
    meter.leave(8);
    assertThat(meter.enter(1, 0)).as("the next waits the longer").isPositive();
  }

  @Test
  void letsNoLargeRequestInBesideOthers() {
    Meter meter = new Meter(new QuotaConfig(0, 0, 8), 4, () -> 0);
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(1, 0)).isZero();
    assertThat(meter.enter(7, 1)).isPositive();
  }

  @Test
  void dividesTheQuotasOfAPolicyAsTheFileChanges() throws IOException {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: [{id: t, quota: {tokens-per-minute: 1000}}]
            principals: [{id: p, tenant: t, api-keys: [{sha256: %s}]}]
            """
                .formatted(Signer.sha256("key")));
    Files.createDirectory(folder.resolve("..1"));
    Files.createDirectory(folder.resolve("..2"));
    Files.writeString(folder.resolve("..1/live"), "1");
    Files.writeString(folder.resolve("..2/live"), "4");
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..1"));
    Files.createSymbolicLink(file, Path.of("..data", "live"));
    List<Integer> shared = new ArrayList<>();
    ReloadListener listener =
        new ReloadListener() {
          @Override
          public void reloaded(boolean taken) {}

          @Override
          public void shared(int replicas) {
            shared.add(replicas);
          }
        };
    try (Reloading reloading =
        Reloading.of(AuthConfig.policy(policy).withReplicas(file), () -> 0, listener)) {
      Allowance allowance = reloading.get().apiKey(Hashes.sha256("key")).caller.allowance();
      if (allowance.tokens(100) instanceof Allowance.Answer.Granted(Allowance.Share share)) {
        share.settle(100);
      }

      Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2"));
      Files.move(
          folder.resolve("..data_tmp"),
          folder.resolve("..data"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      reloading.look();
      reloading.look();

      assertThat(shared).containsExactly(1, 4);
      assertThat(allowance.tokens(226)).isInstanceOf(Allowance.Answer.Throttled.class);
      assertThat(allowance.tokens(225)).isInstanceOf(Allowance.Answer.Granted.class);
    }
  }
}
