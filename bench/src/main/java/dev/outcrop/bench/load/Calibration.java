package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Target;
import dev.outcrop.bench.scenario.Message;
import dev.outcrop.bench.scenario.Question;
import dev.outcrop.bench.scenario.TextScale;
import dev.outcrop.bench.scenario.Words;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Finds out how many tokens a server counts for a word, by two requests that count for nothing. */
final class Calibration {
  private static final int FEW = 16;
  private static final int MANY = 144;

  private Calibration() {}

  static TextScale of(Target target, long seed, Duration timeout)
      throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    return TextScale.of(
        FEW, tokens(target, FEW, random, timeout), MANY, tokens(target, MANY, random, timeout));
  }

  private static int tokens(Target target, int words, SplittableRandom random, Duration timeout)
      throws IOException, InterruptedException {
    Question question =
        new Question(
            null, List.of(), List.of(Message.user(Words.unique(words, random))), 1, 0, false);
    long now = System.nanoTime();
    Attempt attempt = new Attempt(false, now, false);
    try (Watchdog watchdog = new Watchdog();
        Watchdog.Watch watch = watchdog.until(now + timeout.toNanos())) {
      try {
        target.ask(target.body(question), attempt);
      } catch (ConnectException e) { // has no message of its own
        throw new IOException("nobody answers at " + target.server(), e);
      } catch (IOException | InterruptedException e) {
        if (watch.timedOut()) {
          throw new IOException(
              "%s did not answer in %d s".formatted(target.server(), timeout.toSeconds()), e);
        }
        throw e;
      }
    }
    if (attempt.inputTokens() == 0) {
      throw new IOException(
          "%s does not tell how many tokens a prompt had".formatted(target.server()));
    }
    return attempt.inputTokens();
  }
}
