package dev.outcrop.bench.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * Reads one answer of ConverseStream as it arrives: the head of the response, chunks (RFC 9112
 * section 7.1), and the frames in them, whose checksums it checks. It decodes no more than that, so
 * that a load client costs little.
 */
final class StreamReader {
  private static final byte[] DELTA = "contentBlockDelta".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LAST = "metadata".getBytes(StandardCharsets.US_ASCII);

  /** Where the value of a frame's first header begins: prelude, name, type and two of length. */
  private static final int TYPE_AT = 12 + 1 + ":event-type".length() + 1 + 2;

  private static final int CHECKSUM = 4;
  private static final int MOST_FRAME = 1 << 20;

  private final CRC32 crc = new CRC32();
  private final StringBuilder line = new StringBuilder();
  private Part part = Part.HEAD;
  private byte[] frame = new byte[1_024];
  private int frameBytes;
  private int frameLength;
  private int chunkLeft;
  private int deltas;
  private int writes;
  private boolean deltaInChunk;
  private boolean whole;

  /** What comes next. */
  private enum Part {
    HEAD,
    SIZE,
    DATA,
    END_OF_DATA,
    END
  }

  /** Text deltas so far. */
  int deltas() {
    return deltas;
  }

  /** Chunks so far that had a delta; the server writes one at a time. */
  int writes() {
    return writes;
  }

  /** Whether the last event of an answer came, and after it the end of the response. */
  boolean whole() {
    return whole && part == Part.END;
  }

  /**
   * Takes what arrived.
   *
   * @throws IllegalStateException where that is no answer
   */
  void read(ByteBuffer in) {
    while (in.hasRemaining() && part != Part.END) {
      switch (part) {
        case HEAD -> head(in.get());
        case SIZE -> size(in.get());
        case DATA -> data(in);
        case END_OF_DATA -> endOfData(in.get());
        case END -> throw new AssertionError("the loop ends here");
      }
    }
  }

  private void head(byte next) {
    line.append((char) next);
    int length = line.length();
    if (length >= 4 && line.indexOf("\r\n\r\n", length - 4) >= 0) {
      if (line.indexOf("HTTP/1.1 200 ") != 0) {
        throw new IllegalStateException(
            "the server answered " + line.substring(0, line.indexOf("\r")));
      }
      line.setLength(0);
      part = Part.SIZE;
    }
  }

  private void size(byte next) {
    if (next != '\n') {
      line.append((char) next);
      return;
    }
    chunkLeft = Integer.parseInt(line, 0, line.length() - 1, 16);
    line.setLength(0);
    deltaInChunk = false;
    part = chunkLeft == 0 ? Part.END : Part.DATA;
  }

  private void data(ByteBuffer in) {
    int take = Math.min(in.remaining(), chunkLeft);
    take = Math.min(take, frameBytes < 4 ? 4 - frameBytes : frameLength - frameBytes);
    if (frameBytes + take > frame.length) {
      frame = Arrays.copyOf(frame, frameLength);
    }
    in.get(frame, frameBytes, take);
    frameBytes += take;
    chunkLeft -= take;
    if (frameBytes == 4) {
      frameLength = ByteBuffer.wrap(frame).getInt();
      if (frameLength < TYPE_AT || frameLength > MOST_FRAME) {
        throw new IllegalStateException("a frame of " + frameLength + " bytes");
      }
    } else if (frameBytes == frameLength) {
      frame();
      frameBytes = 0;
    }
    if (chunkLeft == 0) {
      writes += deltaInChunk ? 1 : 0;
      part = Part.END_OF_DATA;
    }
  }

  private void endOfData(byte next) {
    if (next == '\n') {
      part = Part.SIZE;
    }
  }

  private void frame() {
    crc.reset();
    crc.update(frame, 0, frameLength - CHECKSUM);
    if ((int) crc.getValue() != ByteBuffer.wrap(frame).getInt(frameLength - CHECKSUM)) {
      throw new IllegalStateException("a frame with a wrong checksum");
    }
    if (starts(DELTA)) {
      deltas++;
      deltaInChunk = true;
    } else if (starts(LAST)) {
      whole = true;
    }
  }

  private boolean starts(byte[] type) {
    int end = TYPE_AT + type.length;
    return end <= frameLength && Arrays.equals(frame, TYPE_AT, end, type, 0, type.length);
  }
}
