package dev.outcrop.serving.embed;

import org.jspecify.annotations.Nullable;

/** The text side of one encoder. Called from many request threads at once. */
public interface EncoderText {
  /** The tokens of a text, with the special ones that the model wants around it. */
  Tokens encode(String text);

  /** The tokens of a pair of texts, in the same way. */
  Tokens encode(String first, String second);

  /** What the model was trained to have in front of such a text; often empty. */
  String prompt(Purpose purpose);

  /** What an embedding is for. */
  enum Purpose {
    /** A document that will be searched. */
    DOCUMENT,
    /** A query that searches documents. */
    QUERY,
    /** A text to classify. */
    CLASSIFICATION,
    /** A text to group with others. */
    CLUSTERING
  }

  /**
   * Tokens of a text or a pair.
   *
   * @param ids token ids
   * @param types which text of a pair each belongs to, or null where all are of the first
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, handed to the batcher, never compared
  record Tokens(int[] ids, int @Nullable [] types) {
    /** How many they are. */
    public int count() {
      return ids.length;
    }

    /** Counts only: token ids are user content. */
    @Override
    public String toString() {
      return "Tokens[count=%d]".formatted(ids.length);
    }
  }
}
