package dev.outcrop.models.jinja;

/**
 * What one rendering may spend. A template that comes with a checkpoint is foreign code: without
 * limits a loop of a few characters could hold a thread or the heap.
 *
 * @param steps evaluated nodes, plus a share for every character and item moved
 * @param outputCharacters the length of the prompt and of any string on the way
 * @param items the length of any list
 * @param depth nested evaluations, and the nesting of lists and objects in values
 * @param memory bytes of everything made on the way, whether it is still in use or not; an estimate
 *     from above
 */
public record Limits(long steps, int outputCharacters, int items, int depth, long memory) {
  /** Far above what a chat of a million tokens needs. */
  public static final Limits DEFAULT = new Limits(20_000_000, 32 << 20, 1_000_000, 600, 512L << 20);
}
