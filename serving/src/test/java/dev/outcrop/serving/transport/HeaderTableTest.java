package dev.outcrop.serving.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import io.helidon.http.http2.Http2Flag;
import io.helidon.http.http2.Http2FrameData;
import io.helidon.http.http2.Http2FrameHeader;
import io.helidon.http.http2.Http2FrameTypes;
import io.helidon.http.http2.Http2Headers;
import io.helidon.http.http2.Http2HuffmanDecoder;
import io.helidon.http.http2.Http2Priority;
import io.helidon.http.http2.Http2RstStream;
import io.helidon.http.http2.Http2Stream;
import io.helidon.http.http2.Http2StreamState;
import io.helidon.http.http2.Http2WindowUpdate;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes the table is decoded by Helidon, and to the headers that were sent. */
final class HeaderTableTest {
  private final HeaderTable table = new HeaderTable();
  private final Http2Headers.DynamicTable helidon =
      Http2Headers.DynamicTable.create(HeaderTable.LARGEST);
  private final Http2HuffmanDecoder huffman = Http2HuffmanDecoder.create();

  private Http2Headers decoded(byte[] block) {
    byte[] read = table.read(block);
    return Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            Http2Headers.create(
                new NoStream(),
                helidon,
                huffman,
                new Http2FrameData(
                    Http2FrameHeader.create(
                        read.length,
                        Http2FrameTypes.HEADERS,
                        Http2Flag.HeaderFlags.create(Http2Flag.END_OF_HEADERS),
                        1),
                    BufferData.create(read))));
  }

  private String value(byte[] block, String name) {
    return decoded(block)
        .httpHeaders()
        .first(io.helidon.http.HeaderNames.create(name))
        .orElseThrow();
  }

  @Test
  void leavesAloneWhatFits() {
    byte[] block = Hpack.of().putIn("a", "b").plain("c", "d").name(62, "e").block();

    assertThat(table.read(block)).isSameAs(block);
  }

  @Test
  void keepsOutWhatIsLargerThanTheTable() {
    String large = "x".repeat(HeaderTable.LARGEST - 32);

    assertThat(value(Hpack.of().putIn("a", "b").block(), "a")).isEqualTo("b");
    assertThat(value(Hpack.of().putIn("n", large).block(), "n")).isEqualTo(large);
    assertThat(value(Hpack.of().putIn("c", "d").block(), "c")).isEqualTo("d");
    assertThat(value(Hpack.of().indexed(62).block(), "c")).isEqualTo("d");
    assertThatThrownBy(() -> table.read(Hpack.of().indexed(63).block()))
        .as("the table was emptied")
        .isInstanceOf(Http2Exception.class);
  }

  @Test
  void keepsOutALargeValueOfAKnownName() {
    String large = "x".repeat(5_000);
    Hpack names = Hpack.of();
    for (int i = 0; i < 20; i++) {
      names.putIn("name" + i, "v");
    }
    decoded(names.block());

    assertThat(value(Hpack.of().nameIn(23, large).block(), "authorization")).isEqualTo(large);
    decoded(names.block());
    assertThat(value(Hpack.of().nameIn(62 + 19, large).block(), "name0")).isEqualTo(large);
    decoded(names.block());
    assertThat(value(Hpack.of().nameIn(62, large).block(), "name19")).isEqualTo(large);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 33, 34, 35})
  void keepsToATableThatTheClientMadeSmaller(int size) {
    assertThat(value(Hpack.of().resize(size).putIn("a", "b").block(), "a")).isEqualTo("b");
    boolean stays = size >= 34;
    if (stays) {
      assertThat(value(Hpack.of().indexed(62).block(), "a")).isEqualTo("b");
    } else {
      assertThatThrownBy(() -> table.read(Hpack.of().indexed(62).block()))
          .isInstanceOf(Http2Exception.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80", // no header
        "be", // of an empty table
        "3fe21f", // a table of 4097 bytes
        "3fffffffff0f", // one of less than nothing
        "40", // no name
        "4002", // half of one
        "007f", // half a number
        "00017f", // half a string
        "0f", // half an index
        "418c00", // half a packed value
      })
  void refusesWhatIsNone(String hex) {
    byte[] block = java.util.HexFormat.of().parseHex(hex);

    assertThatThrownBy(() -> table.read(block))
        .isInstanceOfSatisfying(
            Http2Exception.class, e -> assertThat(e.code()).isEqualTo(Http2ErrorCode.COMPRESSION));
  }

  private static void tooLong(HeaderTable table, Hpack headers) {
    byte[] block = headers.block();
    assertThatThrownBy(() -> table.read(block))
        .isInstanceOfSatisfying(
            Http2Exception.class,
            e -> assertThat(e.code()).isEqualTo(Http2ErrorCode.ENHANCE_YOUR_CALM));
  }

  @Test
  void boundsWhatAListIsDecodedTo() {
    int rest = HeaderTable.LONGEST_LIST - (7 + 3 + 32) - (4 + 32) - (15 + 13 + 32);
    String fits = "x".repeat(rest - 1 - 32);
    Hpack fixed = Hpack.of().indexed(2).name(33, "").indexed(16); // :method, date, encodings
    assertThat(table.read(fixed.plain("n", fits).block())).isNotEmpty();

    tooLong(table, Hpack.of().indexed(2).name(33, "").indexed(16).plain("n", fits + "x"));
    tooLong(table, Hpack.of().indexed(2).name(33, "x").indexed(16).plain("n", fits));
    tooLong(table, Hpack.of().indexed(2).name(33, "").indexed(16).plain("nn", fits));
  }

  @Test
  void countsWhatIsInTheTableEachTimeItIsNamed() {
    table.read(Hpack.of().putIn("n", "v".repeat(4_000)).block());
    Hpack four = Hpack.of().indexed(62).indexed(62).indexed(62).indexed(62);
    assertThat(table.read(four.block())).hasSize(4);

    tooLong(table, four.indexed(62));
  }

  @Test
  void keepsHelidonFromLoopingOnAnything() {
    SplittableRandom random = new SplittableRandom(7);
    for (int connection = 0; connection < 2_000; connection++) {
      HeaderTableTest one = new HeaderTableTest();
      try {
        for (int request = 0; request < 5; request++) {
          one.decoded(Hpack.random(random));
        }
      } catch (RuntimeException e) {
        // That ends the connection.
      }
    }
  }

  @Test
  void agreesWithHelidonAboutEveryHeader() {
    SplittableRandom random = new SplittableRandom(8);
    List<String> live = new ArrayList<>(); // the newest first, as RFC 7541 has it
    int used = 0;
    for (int i = 0; i < 3_000; i++) {
      int length = random.nextInt(20) == 0 ? 4_000 + random.nextInt(200) : random.nextInt(300);
      String text = "v".repeat(length);
      if (!live.isEmpty() && random.nextBoolean()) {
        int at = random.nextInt(live.size());
        assertThat(value(Hpack.of().indexed(62 + at).block(), "x")).isEqualTo(live.get(at));
        continue;
      }
      assertThat(value(Hpack.of().putIn("x", text).block(), "x")).isEqualTo(text);
      live.addFirst(text);
      for (used += length + 33; used > HeaderTable.LARGEST; ) {
        used -= live.removeLast().length() + 33;
      }
    }
  }

  /** Writes header blocks. */
  private static final class Hpack {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static Hpack of() {
      return new Hpack();
    }

    byte[] block() {
      return out.toByteArray();
    }

    Hpack putIn(String name, String value) {
      return number(0x40, 6, 0).text(name).text(value);
    }

    Hpack plain(String name, String value) {
      return number(0, 4, 0).text(name).text(value);
    }

    Hpack name(int index, String value) {
      return number(0, 4, index).text(value);
    }

    Hpack nameIn(int index, String value) {
      return number(0x40, 6, index).text(value);
    }

    Hpack indexed(int index) {
      return number(0x80, 7, index);
    }

    Hpack resize(int size) {
      return number(0x20, 5, size);
    }

    private Hpack text(String text) {
      number(0, 7, text.length());
      out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    private Hpack number(int first, int bits, int number) {
      int most = (1 << bits) - 1;
      if (number < most) {
        out.write(first | number);
        return this;
      }
      out.write(first | most);
      int rest = number - most;
      for (; rest >= 128; rest >>= 7) {
        out.write((rest & 127) | 128);
      }
      out.write(rest);
      return this;
    }

    static byte[] random(SplittableRandom random) {
      Hpack all = new Hpack();
      for (int i = random.nextInt(8); i >= 0; i--) {
        int length = random.nextInt(3) == 0 ? random.nextInt(6_000) : random.nextInt(50);
        switch (random.nextInt(7)) {
          case 0 -> all.resize(random.nextInt(random.nextInt(5_000) + 1));
          case 1 -> all.indexed(random.nextInt(80));
          case 2 -> all.nameIn(random.nextInt(70), "v".repeat(length));
          case 3 -> all.plain("p", "v".repeat(length));
          case 4 -> all.out.write(random.nextInt(256));
          case 5 -> all.number(0x20, 5, random.nextInt());
          default -> all.putIn("n".repeat(1 + random.nextInt(40)), "v".repeat(length));
        }
      }
      return all.block();
    }
  }

  private static final class NoStream implements Http2Stream {
    @Override
    public boolean rstStream(Http2RstStream reset) {
      return false;
    }

    @Override
    public void windowUpdate(Http2WindowUpdate update) {}

    @Override
    public void headers(Http2Headers headers, boolean endOfStream) {}

    @Override
    public void data(Http2FrameHeader header, BufferData data, boolean endOfStream) {}

    @Override
    public void priority(Http2Priority priority) {}

    @Override
    public int streamId() {
      return 1;
    }

    @Override
    public Http2StreamState streamState() {
      return Http2StreamState.OPEN;
    }

    @Override
    public io.helidon.http.http2.StreamFlowControl flowControl() {
      throw new UnsupportedOperationException("nothing is sent");
    }
  }
}
