package dev.outcrop.batching.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.BatchingError;
import dev.outcrop.batching.SubmitResult.Reason;
import dev.outcrop.batching.TokenEvent.FinishReason;
import dev.outcrop.batching.loop.ChaosLife.Ending;
import dev.outcrop.models.ModelError;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that leave, hurry, flood and vanish by the tenant, rows and steps and engines that fail,
 * and a KV cache too small for all of them: every request ends once, with the tokens it would have
 * got alone, and afterwards every count is zero.
 */
class ChaosTest {
  private static final int LIVES = 20;

  @Test
  @Timeout(120)
  void balancesAfterTwentyThousandRequests() throws Exception {
    assertBalances(1, 20_000);
  }

  /** The same with as many steps in flight, and so with the same tokens. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  @Timeout(120)
  void balancesWithSeveralStepsInFlight(int stages) throws Exception {
    assertBalances(stages, 10_000);
  }

  @Test
  @Tag("long")
  @Timeout(1_200)
  void balancesAfterAMillionRequests() throws Exception {
    assertBalances(1, 1_000_000);
  }

  private static void assertBalances(int stages, int requests) throws Exception {
    ChaosTally tally = new ChaosTally();
    Ending[] endings = Ending.values();
    for (int life = 0; life < LIVES; life++) {
      Ending ending = endings[life % endings.length];
      try {
        new ChaosLife(life, stages, requests / LIVES, ending, tally).run();
      } catch (AssertionError e) {
        throw new AssertionError("life %d, which was to end %s".formatted(life, ending), e);
      }
    }
    System.out.println(tally);

    assertThat(tally.ended()).isGreaterThanOrEqualTo(requests);
    assertThat(tally.of("NOTHING")).isZero();
    for (String happened :
        List.of(
            FinishReason.STOP.name(),
            FinishReason.LENGTH.name(),
            FinishReason.CANCELLED.name(),
            Reason.NEVER_FITS.name(),
            Reason.OVERLOADED.name(),
            Reason.TENANT_QUOTA.name(),
            Reason.TOO_LATE.name(),
            Reason.DRAINING.name(),
            ModelError.STEP_FAILED.name(),
            ModelError.ENGINE_DEAD.name(),
            BatchingError.SEQUENCE_FAILED.name(),
            BatchingError.BATCHER_CLOSED.name(),
            "preemptions",
            "cachedTokens")) {
      assertThat(tally.of(happened)).as(happened).isPositive();
    }
  }
}
