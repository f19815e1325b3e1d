package dev.outcrop.models.torch;

import dev.outcrop.models.engine.StepPlan;
import org.jspecify.annotations.Nullable;

/**
 * How far back the tokens of some layers see, and so what of a row's KV a step reads.
 *
 * @param tokens how many, the token itself included
 */
record AttentionWindow(int tokens) {
  /** Null for all tokens. */
  static AttentionWindow of(@Nullable Integer tokens) {
    return new AttentionWindow(tokens == null ? Integer.MAX_VALUE : tokens);
  }

  /** The first position that a token sees. */
  int visibleFrom(int position) {
    return Math.max(0, position - tokens + 1);
  }

  /** The segment that holds the first token that the first token to run of a row sees. */
  int firstSegment(StepPlan plan, int row) {
    int visible = visibleFrom(plan.position(row));
    int end = 0;
    for (int s = 0; s < plan.segments(row); s++) {
      end += plan.segmentLength(row, s);
      if (visible < end) {
        return s;
      }
    }
    throw new IllegalArgumentException("a row's segments end before its tokens");
  }

  /** How many tokens at the beginning of a segment no token to run of its row sees. */
  int hidden(StepPlan plan, int row, int segment) {
    int begin = 0;
    for (int s = 0; s < segment; s++) {
      begin += plan.segmentLength(row, s);
    }
    return Math.max(0, visibleFrom(plan.position(row)) - begin);
  }
}
