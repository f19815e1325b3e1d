package dev.outcrop.bench.scenario;

import java.util.random.RandomGenerator;

/** Makes texts of common words in no order. Two texts of a few words are never alike. */
public final class Words {
  private static final String TASK = "\n\nWrite a long text with these words.";
  private static final int TAG_DIGITS = 36;

  private static final String[] WORDS =
      ("time year people way day man thing woman life child world school state family student group"
              + " country problem hand part place case week company system program question work"
              + " number night point home water room mother area money story fact month lot right"
              + " study book eye job word business issue side kind head house service friend father"
              + " power hour game line end member law car city name team minute idea body back"
              + " parent face others level office door health person art war history party result"
              + " change morning reason research girl guy moment air teacher force education foot"
              + " boy age policy music market sense nation plan college interest death experience"
              + " effect use class control field development role effort rate heart drug show"
              + " leader light voice wife police mind price report decision son view town road arm"
              + " difference value building action season society tax director position player"
              + " record paper space ground form event matter center couple site project activity"
              + " star table need court oil situation cost industry figure street image phone data"
              + " picture practice piece land product doctor wall patient worker news test movie"
              + " north love support step baby computer type attention film tree source")
          .split(" ");

  private Words() {}

  /** So many words. */
  static String text(int count, RandomGenerator random) {
    StringBuilder text = new StringBuilder(count * 7);
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(WORDS[random.nextInt(WORDS.length)]);
    }
    return text.toString();
  }

  /** A prompt of so many words and a few of its own, that shares no beginning with any other. */
  public static String unique(int count, RandomGenerator random) {
    return Long.toString(random.nextLong(1L << 40), TAG_DIGITS) + " " + text(count, random) + TASK;
  }
}
