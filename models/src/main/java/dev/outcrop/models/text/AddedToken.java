package dev.outcrop.models.text;

/**
 * A token that is found in the text as a whole, before the model's own splitting.
 *
 * @param id its id
 * @param content its characters
 * @param special whether it is a control token, left out of decoded text
 * @param normalized whether it is looked for after the normalizer ran
 * @param singleWord whether it must not touch word characters
 * @param lstrip whether it swallows white space before it
 * @param rstrip whether it swallows white space after it
 */
record AddedToken(
    int id,
    String content,
    boolean special,
    boolean normalized,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip) {

  /**
   * Whether only trusted text may become this token. Some models mark their role tokens as not
   * special, so everything counts but mere runs of white space.
   */
  boolean guarded() {
    return special || !content.codePoints().allMatch(AddedToken::blank);
  }

  /**
   * Whether the id must not come out of untrusted text in any way. An added token that is a word
   * and not special may be an ordinary piece of the model's vocabulary at the same time.
   */
  boolean control() {
    return special || !content.codePoints().allMatch(c -> blank(c) || Character.isLetterOrDigit(c));
  }

  AddedToken withId(int other) {
    return new AddedToken(other, content, special, normalized, singleWord, lstrip, rstrip);
  }

  AddedToken asSpecial() {
    return new AddedToken(id, content, true, normalized, singleWord, lstrip, rstrip);
  }

  private static boolean blank(int c) {
    return c == '\u2581' || Whitespace.is(c);
  }
}
