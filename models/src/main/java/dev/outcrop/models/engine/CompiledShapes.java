package dev.outcrop.models.engine;

import java.util.List;

/**
 * The shapes that an engine was compiled for: a step is either one prompt's chunk or all decodes,
 * padded to the smallest shape that holds it, and each sequence owns a slot with KV for the longest
 * context. For accelerators without free shapes, such as AWS Neuron.
 *
 * @param prefillTokens tokens of a chunk, ascending; a longer prompt runs in several
 * @param decodeRows decodes of a step, ascending; the last is the number of slots at most
 * @param contexts tokens of KV that a step reads for each row, ascending; the last is the longest
 *     sequence and no shorter than the longest chunk
 */
public record CompiledShapes(
    List<Integer> prefillTokens, List<Integer> decodeRows, List<Integer> contexts) {
  /** A step may have any shape. */
  public static final CompiledShapes DEFAULT = new CompiledShapes(List.of(), List.of(), List.of());

  /** Checks the lists: all of them are empty or none is. */
  public CompiledShapes {
    prefillTokens = ascending("prefillTokens", prefillTokens);
    decodeRows = ascending("decodeRows", decodeRows);
    contexts = ascending("contexts", contexts);
    boolean none = prefillTokens.isEmpty();
    String both = " must be given where prefillTokens is, and only there";
    require(decodeRows.isEmpty() == none, "decodeRows" + both);
    require(contexts.isEmpty() == none, "contexts" + both);
    require(
        none || prefillTokens.getLast() <= contexts.getLast(),
        "prefillTokens must not be longer than the last of contexts");
  }

  /** Whether the engine runs these shapes only. */
  public boolean fixed() {
    return !contexts.isEmpty();
  }

  /** The longest sequence, and the length of a slot, of fixed shapes. */
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
    return List.copyOf(sizes);
  }

  private static void require(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
