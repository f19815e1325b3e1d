package dev.outcrop.serving.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.testing.RawHttp2;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a header block that comes in pieces. */
final class HeaderBlocksTest {
  private static final int MAX_FRAME = 16_384;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int CONTINUATION = 9;

  /** Changes of the size of the table: a byte each, and no header. */
  private static byte[] block(int length) {
    byte[] block = new byte[length];
    Arrays.fill(block, (byte) 0x20);
    return block;
  }

  /** A block in pieces, the last of which may be shorter. */
  private static byte[] frames(byte[] block, int piece, int empty) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (int at = 0; at == 0 || at < block.length; at += piece) {
      int end = Math.min(at + piece, block.length);
      int flags = (at == 0 ? END_STREAM : 0) | (end == block.length ? END_HEADERS : 0);
      frames.writeBytes(
          RawHttp2.frame(
              at == 0 ? RawHttp2.HEADERS : CONTINUATION,
              flags,
              1,
              Arrays.copyOfRange(block, at, end)));
      for (int i = 0; at == 0 && i < empty; i++) {
        frames.writeBytes(RawHttp2.frame(CONTINUATION, 0, 1, new byte[0]));
      }
    }
    return frames.toByteArray();
  }

  private static byte[] read(byte[] frames) {
    return new HeaderBlocks(DataReader.create(() -> frames), MAX_FRAME).read();
  }

  private static void refused(byte[] frames) {
    assertThatThrownBy(() -> read(frames))
        .isInstanceOfSatisfying(
            Http2Exception.class,
            e -> assertThat(e.code()).isEqualTo(Http2ErrorCode.ENHANCE_YOUR_CALM));
  }

  @ParameterizedTest
  @ValueSource(ints = {MAX_FRAME, MAX_FRAME - 1, 8_192, 1_000})
  void goesOnAsOneFrame(int piece) {
    byte[] block = block(MAX_FRAME);

    assertThat(read(frames(block, piece, 0)))
        .isEqualTo(RawHttp2.frame(RawHttp2.HEADERS, END_STREAM | END_HEADERS, 1, block));
  }

  @ParameterizedTest
  @ValueSource(ints = {MAX_FRAME, 8_192, 1_000})
  void refusesWhatIsLongerThanAFrame(int piece) {
    refused(frames(block(MAX_FRAME + 1), piece, 0));
  }

  @Test
  void refusesWhatIsLongerThanAFrameOnceItIsRewritten() {
    byte[] block = block(MAX_FRAME);
    int value = 5_000; // larger than the table
    int at = MAX_FRAME - 4 - value;
    block[at] = 0x40 | 23; // authorization
    block[at + 1] = 127;
    block[at + 2] = (byte) ((value - 127) & 127 | 128);
    block[at + 3] = (byte) ((value - 127) >> 7);

    refused(frames(block, MAX_FRAME, 0));
    byte[] shorter = Arrays.copyOfRange(block, 1, block.length);
    assertThat(read(frames(shorter, MAX_FRAME, 0))).hasSize(9 + MAX_FRAME);
  }

  @Test
  void refusesABlockInTooManyFrames() {
    assertThat(read(frames(block(256), 1, 0))).hasSize(9 + 256);

    refused(frames(block(257), 1, 0));
  }

  @Test
  void refusesFramesThatBringNothing() {
    assertThat(read(frames(block(2), 1, 8))).hasSize(9 + 2);

    refused(frames(block(2), 1, 9));
  }
}
