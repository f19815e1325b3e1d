package dev.outcrop.serving.batchjobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of an input file, however they are cut into reads. */
final class LinesTest {
  private static List<String> read(InputStream in, int longest) throws IOException {
    Lines lines = new Lines(in, longest);
    List<String> all = new ArrayList<>();
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      assertThat(line.index()).isEqualTo(all.size());
      all.add(line.bytes() == null ? "too long" : new String(line.bytes(), UTF_8));
    }
    return all;
  }

  private static InputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }

  @Test
  void skipsBlankLinesAndKeepsTheLastWithoutAnEnd() throws IOException {
    assertThat(read(in("a\n\n \t\r\nb\r\nc"), 10)).containsExactly("a", "b\r", "c");
    assertThat(read(in(""), 10)).isEmpty();
    assertThat(read(in("\n\n"), 10)).isEmpty();
  }

  @Test
  void holdsNoMoreThanTheLimitOfALine() throws IOException {
    String huge = "x".repeat(1_000_000);
    assertThat(read(in(huge + "\nb\n" + huge + "\n" + huge), 100))
        .containsExactly("too long", "b", "too long", "too long");
    assertThat(read(in("12345\n123456\n"), 5)).containsExactly("12345", "too long");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void countsWhatItReadsHoweverItIsCut(long seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2_000; i++) {
      text.append(" \n\r\tab".charAt(random.nextInt(6)));
    }
    InputStream drops =
        new InputStream() {
          private final InputStream all = in(text.toString());

          @Override
          public int read() throws IOException {
            return all.read();
          }

          @Override
          public int read(byte[] bytes, int from, int length) throws IOException {
            return all.read(bytes, from, Math.min(length, 1 + random.nextInt(7)));
          }
        };
    ByteArrayOutputStream copy = new ByteArrayOutputStream();
    long counted = Lines.copy(drops, copy, Long.MAX_VALUE, () -> false);
    assertThat(copy.toString(UTF_8)).isEqualTo(text.toString());
    assertThat(counted)
        .isEqualTo(read(in(text.toString()), 10_000).size())
        .isEqualTo(
            Pattern.compile("\n").splitAsStream(text).filter(line -> !line.isBlank()).count());
  }

  @Test
  void refusesToCopyMoreThanAllowed() throws IOException {
    assertThat(Lines.copy(in("12345\n"), new ByteArrayOutputStream(), 6, () -> false)).isEqualTo(1);
    assertThat(Lines.copy(in("12345\n"), new ByteArrayOutputStream(), 5, () -> false))
        .isEqualTo(-1);
  }
}
