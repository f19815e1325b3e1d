package dev.outcrop.batching.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.encode.EncodeSubmit.Refused;
import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The loop with a clock and an encoder of the test's own, one turn at a time. */
@Timeout(60)
class EncodeLoopTest {
  private static final int BAD = 13;
  private static final int DEADLY = 14;
  private static final EncodeConfig CONFIG =
      new EncodeConfig(List.of(4, 8), 32, 8, Duration.ofMillis(5), 6, 40, 4);

  private final List<String> batches = new ArrayList<>();
  private final EncodeDoor door = new EncodeDoor(CONFIG);
  private final EncodeShare tenant = new EncodeShare(2);
  private long clock;
  private long batchNanos;
  private boolean closed;
  private final EncodeLoop loop = new EncodeLoop(encoder(), CONFIG, door, () -> clock);

  @Test
  void answersATextAfterItsDelayAtTheLatest() throws Exception {
    EncodeTicket ticket = accepted(1, 2, 3);
    loop.turn(0);
    assertThat(ticket.await(Duration.ZERO)).isNull();

    clock += 5_000_000;
    loop.turn(0);

    assertThat(vector(ticket)).containsExactly(1, 3);
    assertThat(batches).containsExactly("1x4");
    assertThat(loop.signals()).isEqualTo(new EncodeSignals(0, 0, 1, 1, 3, 4, 0));
    assertThat(door.waiting()).isZero();
    assertThat(tenant.requests).isZero();
  }

  @Test
  void answersEachRowItsOwnVector() throws Exception {
    EncodeTicket first = accepted(7);
    EncodeTicket second = accepted(8, 8);
    after(5);

    assertThat(vector(first)).containsExactly(7, 1);
    assertThat(vector(second)).containsExactly(8, 2);
    assertThat(batches).containsExactly("2x4");
  }

  @Test
  void learnsItsRateFromBatchesBehindWhichOthersWait() {
    batchNanos = 1_000_000;
    accepted(1, 2, 3, 4);
    after(5);
    assertThat(loop.signals().tokensPerSecond()).as("alone").isZero();

    for (int i = 0; i < 5; i++) {
      submit(new EncodeShare(2), 1, 2, 3, 4, 5, 6, 7, 8);
    }
    loop.turn(0);
    assertThat(loop.signals().tokensPerSecond()).as("4 texts of 8 in 1 ms").isEqualTo(32_000);

    after(5);
    assertThat(batches).containsExactly("1x4", "4x8", "1x8");
    assertThat(loop.signals().tokensPerSecond()).as("alone again").isEqualTo(32_000);
  }

  @Test
  void failsOnlyTheTextThatFailsAlone() throws Exception {
    EncodeTicket good = accepted(1);
    EncodeTicket bad = accepted(BAD);
    after(5);

    assertThat(vector(good)).containsExactly(1, 1);
    assertThat(code(bad)).isEqualTo(ModelError.STEP_FAILED);
    assertThat(batches).containsExactly("2x4", "1x4", "1x4");
  }

  @Test
  void endsAllOnceTheEncoderIsDead() throws Exception {
    EncodeTicket first = accepted(DEADLY);
    EncodeTicket second = accepted(1, 2, 3, 4, 5);
    Thread thread = Thread.ofPlatform().start(realTime());
    thread.join();

    assertThat(code(first)).isEqualTo(ModelError.ENGINE_DEAD);
    assertThat(code(second)).isEqualTo(ModelError.ENGINE_DEAD);
    assertThat(closed).isTrue();
    assertThat(refused(1).reason()).isEqualTo(Reason.UNAVAILABLE);
    assertBalanced();
  }

  @Test
  void dropsATextWhoseTicketIsClosed() throws Exception {
    EncodeTicket gone = accepted(1);
    EncodeTicket stays = accepted(2);
    loop.turn(0);
    gone.close();
    gone.close();
    after(5);
    gone.close();

    assertThat(gone.await()).isInstanceOf(EncodeAnswer.Cancelled.class);
    assertThat(vector(stays)).containsExactly(2, 1);
    assertThat(batches).containsExactly("1x4");
    assertBalanced();
  }

  @Test
  void refusesWhatIsTooLongTooMuchOrOverTheQuota() {
    assertThat(refused(1, 2, 3, 4, 5, 6, 7, 8, 9))
        .isEqualTo(
            new Refused(
                Reason.NEVER_FITS, "text of 9 tokens exceeds the longest of 8", Duration.ZERO));
    for (int i = 0; i < 4; i++) {
      accepted(1);
    }
    assertThat(refused(1).reason()).isEqualTo(Reason.TENANT_QUOTA);
    EncodeShare other = new EncodeShare(2);
    submit(other, 1);
    submit(other, 1);

    assertThat(((Refused) submit(other, 1)).reason()).isEqualTo(Reason.OVERLOADED);
    after(5);
    assertThat(submit(other, 1)).isInstanceOf(EncodeSubmit.Accepted.class);
  }

  @Test
  void refusesMoreTokensThanMayBeQueued() {
    for (int i = 0; i < 5; i++) {
      submit(new EncodeShare(2), 1, 2, 3, 4, 5, 6, 7, 8);
    }

    assertThat(refused(1).message()).isEqualTo("5 texts with 40 tokens are queued already");
  }

  @Test
  void finishesWhatIsInWhileItDrains() throws Exception {
    EncodeTicket ticket = accepted(3);
    door.drain();

    assertThat(refused(1).reason()).isEqualTo(Reason.DRAINING);
    after(5);
    assertThat(vector(ticket)).containsExactly(3, 1);
  }

  @Test
  void endsWhatHasNotRunWhenItIsClosed() throws Exception {
    EncodeTicket queued = accepted(3);
    loop.turn(0);
    EncodeTicket underway = accepted(4);
    door.stop();
    loop.run();

    assertThat(code(queued)).isEqualTo(BatchingError.BATCHER_CLOSED);
    assertThat(code(underway)).isEqualTo(BatchingError.BATCHER_CLOSED);
    assertThat(closed).isTrue();
    assertThat(refused(1).reason()).isEqualTo(Reason.DRAINING);
    assertBalanced();
  }

  @Test
  @SuppressWarnings("try") // a second close is part of what is tested
  void servesManyThreads() throws Exception {
    EncodeConfig config =
        new EncodeConfig(List.of(4, 8), 32, 8, Duration.ofMillis(1), 10_000, 100_000, 10_000);
    try (EncodeBatcher batcher = EncodeBatcher.start("test", encoder(), config, System::nanoTime);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> answers = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        int id = 100 + i;
        Callable<Boolean> client =
            () -> {
              var request = new EncodeRequest("tenant-" + id % 7, 1, new int[] {id, 0, 0});
              EncodeTicket ticket = ((EncodeSubmit.Accepted) batcher.submit(request)).ticket();
              if (id % 5 == 0) {
                ticket.close();
              }
              return switch (ticket.await()) {
                case EncodeAnswer.Vector(var values) -> values[0] == id && values[1] == 3;
                case EncodeAnswer.Cancelled() -> id % 5 == 0;
                case EncodeAnswer.Failed(var error) -> throw error;
              };
            };
        answers.add(clients.submit(client));
      }
      for (Future<Boolean> answer : answers) {
        assertThat(answer.get()).isTrue();
      }
      assertThat(batcher.alive()).isTrue();
      assertThat(batcher.signals().waiting()).isZero();
      batcher.close();
      assertThat(batcher.alive()).isFalse();
    }
  }

  private void assertBalanced() {
    assertThat(door.waiting()).isZero();
    assertThat(tenant.requests).isZero();
    assertThat(loop.signals().waiting()).isZero();
  }

  /** A loop of the same door on the machine's clock. */
  private Runnable realTime() {
    return new EncodeLoop(encoder(), CONFIG, door, System::nanoTime);
  }

  /** The vector of a text is its first token and its length. */
  private Encoder encoder() {
    return new Encoder() {
      @Override
      public float[][] encode(EncodeBatch batch) {
        batches.add(batch.rows() + "x" + batch.length());
        clock += batchNanos;
        float[][] vectors = new float[batch.rows()][];
        for (int row = 0; row < batch.rows(); row++) {
          int[] tokens = batch.tokens(row);
          if (tokens[0] == BAD || tokens[0] == DEADLY) {
            throw new OutcropException(
                tokens[0] == BAD ? ModelError.STEP_FAILED : ModelError.ENGINE_DEAD, "bad text");
          }
          vectors[row] = new float[] {tokens[0], tokens.length};
        }
        return vectors;
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }

  private void after(long millis) {
    loop.turn(0);
    clock += millis * 1_000_000;
    loop.turn(0);
  }

  private EncodeSubmit submit(EncodeShare share, int... tokens) {
    return door.submit(new EncodeRequest("tenant", 1, tokens), share);
  }

  private EncodeTicket accepted(int... tokens) {
    return ((EncodeSubmit.Accepted) submit(tenant, tokens)).ticket();
  }

  private Refused refused(int... tokens) {
    return (Refused) submit(tenant, tokens);
  }

  private static float[] vector(EncodeTicket ticket) throws InterruptedException {
    return ((EncodeAnswer.Vector) ticket.await()).values();
  }

  private static @Nullable ErrorCode code(EncodeTicket ticket) throws InterruptedException {
    return ticket.await() instanceof EncodeAnswer.Failed(var error) ? error.code() : null;
  }
}
