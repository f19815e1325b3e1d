package dev.outcrop.models.engine;

import java.util.List;

/**
 * The shapes that an engine was compiled for: a step is either one prompt's chunk or all decodes,
 * padded to the smallest shape that holds it, and each sequence owns a slot with KV for the longest
 * context. For accelerators without free shapes, such as AWS Neuron.
 *
 * @param slots sequences that have KV at the same time
 * @param prefillTokens tokens of a chunk, ascending; a longer prompt runs in several
 * @param decodeRows decodes of a step, ascending; the last is the number of slots at most
 * @param contexts tokens of KV that a step reads for each row, ascending; the last is the longest
 *     sequence and no shorter than the longest chunk
 */
public record CompiledShapes(
    int slots, List<Integer> prefillTokens, List<Integer> decodeRows, List<Integer> contexts) {
  /** Checks the lists. */
  public CompiledShapes {
    prefillTokens = ascending("prefillTokens", prefillTokens);
    decodeRows = ascending("decodeRows", decodeRows);
    contexts = ascending("contexts", contexts);
    require(slots >= decodeRows.getLast(), "decodeRows must not end above slots");
    require(
        prefillTokens.getLast() <= contexts.getLast(),
        "prefillTokens must not be longer than the last of contexts");
    require(
        (slots + 1L) * contexts.getLast() < Integer.MAX_VALUE,
        "slots times the last of contexts is too much");
    // One row of one token would be a prompt and a decode at once.
    require(prefillTokens.getFirst() > 1, "prefillTokens must begin above 1");
  }

  /** The longest sequence, and the length of a slot. */
  public int longest() {
    return contexts.getLast();
  }

  /** Whether a step of so many rows of so many tokens each, with so much KV, was compiled. */
  public boolean has(int rows, int tokens, int context) {
    if (!contexts.contains(context)) {
      return false;
    }
    return tokens == 1
        ? decodeRows.contains(rows)
        : rows == 1 && prefillTokens.contains(tokens) && tokens <= context;
  }

  private static List<Integer> ascending(String name, List<Integer> sizes) {
    int before = 0;
    for (int size : sizes) {
      require(size > before, name + " must ascend from 1");
      before = size;
    }
    require(before > 0, name + " must not be empty");
    return List.copyOf(sizes);
  }

  private static void require(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
