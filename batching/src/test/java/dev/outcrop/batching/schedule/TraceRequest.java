package dev.outcrop.batching.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.testing.FakeEngine.NextToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** One request and what has come of it. */
final class TraceRequest {
  static final int VOCABULARY = 53;
  private static final NextToken ANY = NextToken.hashed(VOCABULARY);

  /** Mostly the same after the same two tokens, so that guesses are right now and then. */
  static final NextToken NEXT =
      (history, prompt, length) -> {
        int any = ANY.next(history, prompt, length);
        int before = length > 1 ? history[length - 2] % 7 : 0;
        return any % 6 == 0 ? any : (5 * (history[length - 1] % 7) + before) % 11;
      };

  /** The first token of a prompt whose row fails after its first token. */
  static final int POISON = 1_000;

  final int[] prompt;
  final int maxTokens;
  final int[] stopTokens;
  final Sequence sequence;
  final List<Integer> published = new ArrayList<>();
  int ends;
  StepOutcome.End end;
  boolean cancelled;

  TraceRequest(Flow flow, int[] prompt, int maxTokens, int[] stopTokens, int unitTokens) {
    this.prompt = prompt;
    this.maxTokens = maxTokens;
    this.stopTokens = stopTokens;
    this.sequence = TestSequences.of(flow, prompt, maxTokens, stopTokens, unitTokens);
  }

  /** Draws a prompt: any tokens, or a conversation before it or its front; some are poisoned. */
  static int[] prompt(Random random, int length, List<TraceRequest> before) {
    int[] ids = random.ints(length, 0, VOCABULARY).toArray();
    if (!before.isEmpty() && random.nextBoolean()) {
      TraceRequest other = before.get(random.nextInt(before.size()));
      int same = Math.min(length, other.known());
      System.arraycopy(other.all(), 0, ids, 0, random.nextInt(same + 1));
    }
    if (random.nextInt(10) == 0) {
      ids[0] = POISON;
    }
    return ids;
  }

  /** Draws up to two tokens that end an answer. */
  static int[] stops(Random random) {
    return random.ints(random.nextInt(3), 0, VOCABULARY).toArray();
  }

  /** Takes an entry of what a step brought. */
  void take(StepOutcome outcome, int entry) {
    assertThat(ends).as("nothing comes after the end").isZero();
    if (outcome.token(entry) != StepOutcome.NO_TOKEN) {
      published.add(outcome.token(entry));
    }
    if (outcome.end(entry) != null) {
      ends++;
      end = outcome.end(entry);
      cancelled |= end == StepOutcome.End.CANCELLED;
    }
  }

  /** Prompt and what was published so far. */
  int[] all() {
    int[] all = Arrays.copyOf(prompt, known());
    for (int i = 0; i < published.size(); i++) {
      all[prompt.length + i] = published.get(i);
    }
    return all;
  }

  int known() {
    return prompt.length + published.size();
  }

  boolean poisoned() {
    return prompt[0] == POISON;
  }

  /** What any correct scheduler publishes for it when it is left alone. */
  List<Integer> expected() {
    int[] all = Arrays.copyOf(prompt, prompt.length + maxTokens);
    List<Integer> tokens = new ArrayList<>();
    for (int length = prompt.length; length < all.length; length++) {
      int token = NEXT.next(all, prompt.length, length);
      if (Arrays.stream(stopTokens).anyMatch(stop -> stop == token)) {
        break;
      }
      all[length] = token;
      tokens.add(token);
    }
    return tokens;
  }

  /** Holds what was published, and how it ended, against that. */
  void check() {
    List<Integer> expected = expected();
    if (cancelled) {
      assertThat(published).isEqualTo(expected.subList(0, published.size()));
    } else if (poisoned() && end == StepOutcome.End.FAILED) {
      assertThat(published).hasSizeLessThanOrEqualTo(1);
    } else {
      assertThat(published).isEqualTo(expected);
      assertThat(end)
          .isEqualTo(expected.size() == maxTokens ? StepOutcome.End.LENGTH : StepOutcome.End.STOP);
    }
  }
}
