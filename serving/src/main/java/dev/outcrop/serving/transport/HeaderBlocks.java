package dev.outcrop.serving.transport;

import io.helidon.common.buffers.DataReader;
import io.helidon.http.http2.Http2ErrorCode;
import io.helidon.http.http2.Http2Exception;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * The HEADERS frames of an HTTP/2 connection with the CONTINUATION frames that belong to them (RFC
 * 9113 section 6.2), read as one and checked by a {@link HeaderTable} before Helidon sees them, as
 * one HEADERS frame: Helidon 4.5 refuses many blocks in pieces. On the connection's thread.
 */
final class HeaderBlocks {
  private static final int HEADER = 9;
  private static final int HEADERS = 1;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 0x20;
  private static final int PRIORITY_LENGTH = 5;

  /** Frames of a block; a client that has no reason to split one sends one. */
  private static final int MOST_FRAMES = 256;

  private static final int MOST_EMPTY = 8;

  private final DataReader in;
  private final int maxFrame;
  private final HeaderTable table = new HeaderTable();

  HeaderBlocks(DataReader in, int maxFrame) {
    this.in = in;
    this.maxFrame = maxFrame;
  }

  /**
   * Reads the block whose first frame is next; waits for all of it. It may be as long as a frame.
   *
   * @return a frame of the same headers, without padding
   * @throws Http2Exception where it cannot be served
   */
  byte[] read() {
    ByteBuffer first = frame();
    int flags = first.get(4);
    int stream = first.getInt(5);
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    append(block, payload(first, flags));
    int frames = 1;
    int empty = 0;
    for (int last = flags; (last & END_HEADERS) == 0; ) {
      ByteBuffer next = frame();
      if (next.get(3) != CONTINUATION || next.getInt(5) != stream) {
        throw new Http2Exception(Http2ErrorCode.PROTOCOL, "a header block that is broken off");
      }
      last = next.get(4);
      empty += next.limit() == HEADER ? 1 : 0;
      if (++frames > MOST_FRAMES || empty > MOST_EMPTY) {
        throw new Http2Exception(Http2ErrorCode.ENHANCE_YOUR_CALM, "headers in too many frames");
      }
      append(block, next.position(HEADER));
    }
    byte[] headers = table.read(block.toByteArray());
    if (headers.length > maxFrame) { // one that is not put into the table may be a byte longer
      throw tooLarge();
    }
    return ByteBuffer.allocate(HEADER + headers.length)
        .put((byte) (headers.length >> 16))
        .putShort((short) headers.length)
        .put((byte) HEADERS)
        .put((byte) ((flags & ~(PADDED | PRIORITY)) | END_HEADERS))
        .putInt(stream)
        .put(headers)
        .array();
  }

  private ByteBuffer frame() {
    int length = in.getBuffer(HEADER).readInt24();
    if (length > maxFrame) {
      throw new Http2Exception(Http2ErrorCode.FRAME_SIZE, "a frame that is too large");
    }
    in.getBuffer(HEADER + length); // waits until it is there
    return ByteBuffer.wrap(in.readBytes(HEADER + length));
  }

  private static ByteBuffer payload(ByteBuffer frame, int flags) {
    frame.position(HEADER);
    int padding = 0;
    int least = ((flags & PADDED) != 0 ? 1 : 0) + ((flags & PRIORITY) != 0 ? PRIORITY_LENGTH : 0);
    if (frame.remaining() >= least) {
      padding = (flags & PADDED) != 0 ? frame.get() & 0xff : 0;
      frame.position(HEADER + least);
    }
    if (frame.limit() < HEADER + least || padding > frame.remaining()) {
      throw new Http2Exception(Http2ErrorCode.PROTOCOL, "a frame that is too short");
    }
    return frame.limit(frame.limit() - padding);
  }

  private void append(ByteArrayOutputStream block, ByteBuffer part) {
    if (block.size() + part.remaining() > maxFrame) {
      throw tooLarge();
    }
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    block.writeBytes(bytes);
  }

  private static Http2Exception tooLarge() {
    return new Http2Exception(Http2ErrorCode.ENHANCE_YOUR_CALM, "headers that are too large");
  }
}
