package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StopStringsTest {
  @Test
  void givesTheTextBeforeTheStop() {
    StopStrings stops = new StopStrings(List.of("END"));
    assertThat(stops.accept("one two EN")).isEqualTo("one two ");
    assertThat(stops.match()).isNull();
    assertThat(stops.accept("D three")).isEmpty();
    assertThat(stops.match()).isEqualTo("END");
    assertThat(stops.accept("four")).isEmpty();
    assertThat(stops.flush()).isEmpty();
  }

  @Test
  void holdsBackOnlyWhatMayStillBeAStop() {
    StopStrings stops = new StopStrings(List.of("\n\nUser:"));
    assertThat(stops.accept("a\n")).isEqualTo("a");
    assertThat(stops.accept("\n")).isEmpty();
    assertThat(stops.accept("\n")).isEqualTo("\n");
    assertThat(stops.accept("Use")).isEmpty();
    assertThat(stops.accept("d")).isEqualTo("\n\nUsed");
    assertThat(stops.flush()).isEmpty();
  }

  @Test
  void flushGivesWhatWasHeldBack() {
    StopStrings stops = new StopStrings(List.of("stop"));
    assertThat(stops.accept("please sto")).isEqualTo("please ");
    assertThat(stops.flush()).isEqualTo("sto");
  }

  @Test
  void theMatchThatEndsFirstWinsAndOfThoseTheLongest() {
    StopStrings stops = new StopStrings(List.of("b", "ab", "abcd"));
    assertThat(stops.accept("xabcd")).isEqualTo("x");
    assertThat(stops.match()).isEqualTo("ab");
  }

  @Test
  void findsStopThatOverlapsAFailedOne() {
    StopStrings stops = new StopStrings(List.of("aab"));
    assertThat(stops.accept("aaa")).isEqualTo("a");
    assertThat(stops.accept("b")).isEmpty();
    assertThat(stops.match()).isEqualTo("aab");
  }

  @Test
  void letsEverythingThroughWithoutStops() {
    StopStrings stops = new StopStrings(List.of());
    assertThat(stops.accept("all of it")).isEqualTo("all of it");
    assertThat(stops.flush()).isEmpty();
  }

  @Test
  void keepsSurrogatePairsTogether() {
    StopStrings stops = new StopStrings(List.of("\ude42!"));
    assertThat(stops.accept("a\ud83d\ude42")).isEqualTo("a");
    assertThat(stops.accept("b")).isEqualTo("\ud83d\ude42b");
  }

  @Test
  void refusesEmptyAndTooManyStops() {
    assertThatIllegalArgumentException().isThrownBy(() -> new StopStrings(List.of("a", "")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StopStrings(Collections.nCopies(2_501, "a")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StopStrings(List.of("a".repeat(100_001))));
  }

  @Test
  void isTheSameHoweverTheTextIsCut() {
    Random random = new Random(9);
    for (int i = 0; i < 3_000; i++) {
      List<String> stops = new ArrayList<>();
      for (int j = random.nextInt(4); j >= 0; j--) {
        stops.add(word(random, 1 + random.nextInt(5)));
      }
      String text = word(random, 30);
      StopStrings matcher = new StopStrings(stops);
      StringBuilder shown = new StringBuilder();
      for (int at = 0; at < text.length(); ) {
        int end = Math.min(text.length(), at + 1 + random.nextInt(4));
        shown.append(matcher.accept(text.substring(at, end)));
        at = end;
      }
      shown.append(matcher.flush());
      assertThat(shown.toString()).as("%s in %s", stops, text).isEqualTo(before(text, stops));
    }
  }

  /** The text before the stop, found the slow way. */
  private static String before(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      int start = end;
      for (String stop : stops) {
        if (text.substring(0, end).endsWith(stop)) {
          start = Math.min(start, end - stop.length());
        }
      }
      if (start < end) {
        return text.substring(0, start);
      }
    }
    return text;
  }

  private static String word(Random random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }
}
