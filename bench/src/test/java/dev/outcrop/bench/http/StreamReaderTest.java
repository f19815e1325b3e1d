package dev.outcrop.bench.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StreamReaderTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

  private final StreamReader reader = new StreamReader();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 50, 10_000})
  void countsDeltasAndWritesHoweverTheyArrive(int size) {
    byte[] stream =
        joined(
            HEAD.getBytes(StandardCharsets.US_ASCII),
            chunk(frame("messageStart"), frame("contentBlockDelta")),
            chunk(frame("contentBlockDelta")),
            chunk(frame("contentBlockDelta"), frame("contentBlockDelta")),
            chunk(frame("contentBlockStop"), frame("messageStop"), frame("metadata")),
            "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    for (int at = 0; at < stream.length; at += size) {
      reader.read(ByteBuffer.wrap(stream, at, Math.min(size, stream.length - at)));
    }

    assertThat(reader.deltas()).isEqualTo(4);
    assertThat(reader.writes()).isEqualTo(3);
    assertThat(reader.whole()).isTrue();
  }

  @Test
  void isNotWholeWithoutTheLastEvent() {
    read(joined(HEAD.getBytes(StandardCharsets.US_ASCII), chunk(frame("contentBlockDelta"))));
    read("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

    assertThat(reader.whole()).isFalse();
  }

  @Test
  void noticesWrongChecksumAndRefusal() {
    byte[] wrong = frame("contentBlockDelta");
    wrong[wrong.length - 5] ^= 1;

    assertThatThrownBy(() -> read(joined(HEAD.getBytes(StandardCharsets.US_ASCII), chunk(wrong))))
        .hasMessage("a frame with a wrong checksum");
    assertThatThrownBy(
            () ->
                new StreamReader()
                    .read(
                        ByteBuffer.wrap(
                            "HTTP/1.1 429 Too Many Requests\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII))))
        .hasMessage("the server answered HTTP/1.1 429 Too Many Requests");
  }

  private void read(byte[] bytes) {
    reader.read(ByteBuffer.wrap(bytes));
  }

  private static byte[] chunk(byte[]... frames) {
    byte[] data = joined(frames);
    return joined(
        (Integer.toHexString(data.length) + "\r\n").getBytes(StandardCharsets.US_ASCII),
        data,
        "\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] frame(String type) {
    byte[] name = ":event-type".getBytes(StandardCharsets.US_ASCII);
    byte[] value = type.getBytes(StandardCharsets.US_ASCII);
    int headers = 4 + name.length + value.length;
    ByteBuffer frame = ByteBuffer.allocate(12 + headers + 2 + 4);
    frame.putInt(frame.capacity()).putInt(headers).putInt(0);
    frame.put((byte) name.length).put(name).put((byte) 7).putShort((short) value.length).put(value);
    frame.put((byte) '{').put((byte) '}');
    CRC32 crc = new CRC32();
    crc.update(frame.array(), 0, frame.position());
    return frame.putInt((int) crc.getValue()).array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
