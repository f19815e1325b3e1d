package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.testing.RawHttp2;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 headers that do not fit into the table of their connection, and blocks in pieces. */
final class LargeHeadersTest {
  private static final byte[] HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"
          .getBytes(StandardCharsets.UTF_8);
  private static final byte[] HEAD = RawHttp2.head("/model/demo/converse");
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 0x20;
  private static final int CONTINUATION = 9;
  private static final int MAX_FRAME = 16_384;

  private TestServer server;
  private RawHttp2 http;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer(request -> "0123456789");
    http = new RawHttp2(server.server.port());
    http.open(100);
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    server.close();
  }

  private void answers(int stream) throws IOException {
    http.write(RawHttp2.frame(RawHttp2.DATA, END_STREAM, stream, HI));
    assertThat(new String(http.rest(stream), StandardCharsets.UTF_8)).contains("0123456789");
  }

  private static byte[] with(byte[] head, byte[] more) {
    return ByteBuffer.allocate(head.length + more.length).put(head).put(more).array();
  }

  /** A header that is to be put into the table. */
  private static byte[] header(int length) {
    return ByteBuffer.allocate(6 + length)
        .put((byte) 0x40)
        .put(new byte[] {1, 'x'})
        .put((byte) 127)
        .put((byte) (((length - 127) & 127) | 128))
        .put((byte) ((length - 127) >> 7))
        .array();
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, 4_063, 4_064, 4_095, 4_096, 4_097, 7_000})
  void servesARequestWithALargeHeader(int length) throws IOException {
    byte[] large = with(HEAD, header(length));
    Arrays.fill(large, large.length - length, large.length, (byte) 'v');
    for (int stream = 1; stream < 7; stream += 2) {
      http.write(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, stream, large));
      answers(stream);
    }
  }

  @Test
  void servesAClientThatKeepsNoTable() throws IOException {
    http.write(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, 1, with(new byte[] {0x20}, HEAD)));
    answers(1);
    http.write(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, 3, HEAD));
    answers(3);
  }

  @Test
  void endsAConnectionWhoseTableWouldBeTooLarge() throws IOException {
    byte[] less = {0x3f, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f};
    http.write(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, 1, with(less, HEAD)));

    assertThatThrownBy(() -> http.rest(1))
        .hasMessage("GOAWAY with error code 9"); // COMPRESSION_ERROR
  }

  @Test
  void endsAConnectionWhoseHeadersAreDecodedToMore() throws IOException {
    byte[] bomb = with(with(HEAD, header(4_000)), new byte[10_000]);
    Arrays.fill(bomb, bomb.length - 10_000, bomb.length, (byte) 0xbe); // the newest in the table
    http.write(RawHttp2.frame(RawHttp2.HEADERS, END_HEADERS, 1, bomb));

    assertThatThrownBy(() -> http.rest(1))
        .hasMessage("GOAWAY with error code 11"); // ENHANCE_YOUR_CALM
  }

  @Test
  void tellsWhatHeadersMayHave() throws IOException {
    ByteBuffer settings = ByteBuffer.wrap(http.next().payload());
    Map<Integer, Integer> values = new HashMap<>();
    while (settings.hasRemaining()) {
      values.put((int) settings.getShort(), settings.getInt());
    }

    assertThat(values).containsEntry(6, 16_384); // SETTINGS_MAX_HEADER_LIST_SIZE
  }

  @Test
  void readsABlockInPieces() throws IOException {
    ByteBuffer first = ByteBuffer.allocate(1 + 5 + 10 + 4);
    first.put((byte) 4).put(new byte[] {0, 0, 0, 0, 15}).put(HEAD, 0, 10);
    http.write(RawHttp2.frame(RawHttp2.HEADERS, PADDED | PRIORITY, 1, first.array()));
    for (int at = 10; at < HEAD.length; at++) {
      http.write(
          RawHttp2.frame(
              CONTINUATION,
              at == HEAD.length - 1 ? END_HEADERS : 0,
              1,
              Arrays.copyOfRange(HEAD, at, at + 1)));
    }
    answers(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5_000, 9_000, 15_000})
  void servesALargeBlockInPieces(int piece) throws IOException {
    byte[] large = with(HEAD, header(15_000));
    Arrays.fill(large, large.length - 15_000, large.length, (byte) 'v');
    http.write(RawHttp2.frame(RawHttp2.HEADERS, 0, 1, Arrays.copyOf(large, piece)));
    for (int at = piece; at < large.length; at += 9_000) {
      int end = Math.min(at + 9_000, large.length);
      http.write(
          RawHttp2.frame(
              CONTINUATION,
              end == large.length ? END_HEADERS : 0,
              1,
              Arrays.copyOfRange(large, at, end)));
    }
    answers(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {RawHttp2.DATA, RawHttp2.HEADERS, RawHttp2.PING})
  void endsAConnectionWhoseBlockIsBrokenOff(int type) throws IOException {
    http.write(RawHttp2.frame(RawHttp2.HEADERS, 0, 1, HEAD));
    http.write(RawHttp2.frame(type, 0, 1, new byte[8]));

    assertThatThrownBy(() -> http.rest(1)).hasMessage("GOAWAY with error code 1"); // PROTOCOL_ERROR
  }

  @Test
  void endsAConnectionWhoseBlockDoesNotEnd() throws IOException {
    byte[] piece = new byte[8_000];
    http.write(RawHttp2.frame(RawHttp2.HEADERS, 0, 1, HEAD));
    for (int i = 0; i <= MAX_FRAME / piece.length; i++) {
      http.write(RawHttp2.frame(CONTINUATION, 0, 1, piece));
    }

    assertThatThrownBy(() -> http.rest(1))
        .hasMessage("GOAWAY with error code 11"); // ENHANCE_YOUR_CALM
  }
}
