package dev.outcrop.batching.encode;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which texts run together. Pure: integers and times in, a batch out. Called by the loop
 * alone, whenever the encoder is free.
 *
 * <p>Texts are kept by the length they are padded to, and a batch has texts of one such length: so
 * padding is bounded by the distance between two lengths. A batch is due when it is as large as it
 * may be, or when a text in it has waited for its time. The tenant with the least service by its
 * weight (padded tokens; the virtual counter of Sheng et al., OSDI 2024) comes first, and nobody
 * who is ahead of the least by more than a batch fills up what is left: of two tenants of equal
 * weight whose texts are due all the time, neither gets ahead by more than two batches.
 */
final class EncodePlanner {
  private static final int NONE = -1;

  private final int[] lengths;
  private final int maxTokens;
  private final int maxRows;
  private final long delayNanos;
  private final List<EncodeShare> shares = new ArrayList<>();
  private final int[] waiting;
  private int size;
  private long tokens;
  private double lastLeft;

  EncodePlanner(EncodeConfig config) {
    this.lengths = config.lengths().stream().mapToInt(Integer::intValue).toArray();
    this.maxTokens = config.maxBatchTokens();
    this.maxRows = config.maxBatchRows();
    this.delayNanos = config.maxDelay().toNanos();
    this.waiting = new int[lengths.length];
  }

  /** Texts queued. */
  int size() {
    return size;
  }

  /** Their tokens. */
  long tokens() {
    return tokens;
  }

  /** Queues a text that is no longer than the longest length. */
  void add(EncodeItem item, long now) {
    item.bucket = bucket(item.tokens.length);
    item.due = now + delayNanos;
    EncodeShare share = item.share;
    if (share.size() == 0) {
      share.counter = Math.max(share.counter, shares.isEmpty() ? lastLeft : least());
      shares.add(share);
    }
    share.add(item);
    waiting[item.bucket]++;
    size++;
    tokens += item.tokens.length;
  }

  /** Takes a text out again; whether it was still queued. */
  boolean remove(EncodeItem item) {
    if (!item.share.remove(item)) { // for one that was never added too
      return false;
    }
    left(item);
    return true;
  }

  /** How long until a batch is due: 0 for now, {@link Long#MAX_VALUE} where nothing waits. */
  long dueIn(long now) {
    long least = Long.MAX_VALUE;
    for (EncodeShare share : shares) {
      EncodeItem oldest = share.oldest();
      if (oldest != null) {
        least = Math.min(least, Math.max(0, oldest.due - now));
      }
    }
    return fullBucket() == NONE ? least : 0;
  }

  /** Takes the texts of the next batch; none where none is due. */
  void plan(long now, EncodeBatch batch) {
    EncodeItem first = mostOwed(now);
    int bucket = first != null ? first.bucket : fullBucket();
    batch.clear(bucket == NONE ? 0 : lengths[bucket]);
    if (bucket == NONE) {
      return;
    }
    if (first != null) {
      take(first, batch);
    }
    int rows = rows(bucket);
    while (batch.rows() < rows) {
      EncodeItem next = next(bucket, batch.rows() == 0);
      if (next == null) {
        return;
      }
      take(next, batch);
    }
  }

  /** Of the texts that have waited for their time, the oldest of the tenant with least service. */
  private @Nullable EncodeItem mostOwed(long now) {
    EncodeItem found = null;
    for (EncodeShare share : shares) {
      EncodeItem oldest = share.oldest();
      if (oldest != null && oldest.due - now <= 0 && (found == null || before(oldest, found))) {
        found = oldest;
      }
    }
    return found;
  }

  /** A length with texts for a whole batch, or none. */
  private int fullBucket() {
    int fullest = NONE;
    for (int bucket = 0; bucket < lengths.length; bucket++) {
      if (waiting[bucket] >= rows(bucket)
          && (fullest == NONE
              || (long) waiting[bucket] * rows(fullest) > (long) waiting[fullest] * rows(bucket))) {
        fullest = bucket;
      }
    }
    return fullest;
  }

  private @Nullable EncodeItem next(int bucket, boolean any) {
    double most = any ? Double.MAX_VALUE : least() + maxTokens;
    EncodeItem found = null;
    for (EncodeShare share : shares) {
      EncodeItem first = share.first(bucket);
      if (first != null && share.counter <= most && (found == null || before(first, found))) {
        found = first;
      }
    }
    return found;
  }

  private static boolean before(EncodeItem one, EncodeItem other) {
    return one.share.counter != other.share.counter
        ? one.share.counter < other.share.counter
        : one.due < other.due;
  }

  private void take(EncodeItem item, EncodeBatch batch) {
    batch.add(item);
    item.share.counter += lengths[item.bucket] / item.share.weight;
    item.share.remove(item);
    left(item);
  }

  private void left(EncodeItem item) {
    waiting[item.bucket]--;
    size--;
    tokens -= item.tokens.length;
    if (item.share.size() == 0) {
      shares.remove(item.share);
      lastLeft = item.share.counter;
    }
  }

  private double least() {
    double least = Double.MAX_VALUE;
    for (EncodeShare share : shares) {
      least = Math.min(least, share.counter);
    }
    return least;
  }

  /** The most rows of a batch of this length. */
  private int rows(int bucket) {
    return Math.min(maxRows, maxTokens / lengths[bucket]);
  }

  private int bucket(int length) {
    int bucket = 0;
    while (lengths[bucket] < length) {
      bucket++;
    }
    return bucket;
  }
}
