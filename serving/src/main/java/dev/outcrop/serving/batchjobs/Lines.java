package dev.outcrop.serving.batchjobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON lines without ever holding more than one, and of that no more than a limit. Lines of
 * white space alone do not count. Used by one thread.
 */
final class Lines {
  private static final int PIECE = 64 * 1_024;

  private final InputStream in;
  private final int longest;
  private final byte[] piece = new byte[PIECE];
  private int at;
  private int end;
  private byte[] line = new byte[1_024];
  private int index = -1;

  /**
   * A line.
   *
   * @param index its number among those that count, from 0
   * @param bytes what it holds, or null where it is longer than the limit
   */
  record Line(int index, byte @Nullable [] bytes) {}

  Lines(InputStream in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** The next line, or null at the end. */
  @Nullable Line next() throws IOException {
    while (true) {
      int length = 0;
      boolean blank = true;
      boolean tooLong = false;
      boolean ended = false;
      while (!ended) {
        if (at == end && !fill()) {
          if (blank) {
            return null;
          }
          break;
        }
        int stop = at;
        while (stop < end && piece[stop] != '\n') {
          blank &= blank(piece[stop]);
          stop++;
        }
        int size = stop - at;
        tooLong |= size > longest - length;
        if (!tooLong) {
          hold(length + size);
          System.arraycopy(piece, at, line, length, size);
          length += size;
        }
        ended = stop < end;
        at = ended ? stop + 1 : stop;
      }
      if (!blank) {
        index++;
        return new Line(index, tooLong ? null : Arrays.copyOf(line, length));
      }
    }
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(0, in.read(piece));
    return end > 0;
  }

  private void hold(int length) {
    if (length > line.length) {
      line = Arrays.copyOf(line, Math.min(longest, Math.max(length, 2 * line.length)));
    }
  }

  private static boolean blank(byte b) {
    return b == ' ' || b == '\t' || b == '\r';
  }

  /**
   * Copies a file and counts its lines.
   *
   * @param mostBytes what the caller allows
   * @param halted whether to leave the rest
   * @return how many lines count, or -1 where the file is larger than allowed
   */
  static long copy(InputStream in, OutputStream out, long mostBytes, BooleanSupplier halted)
      throws IOException {
    byte[] piece = new byte[PIECE];
    long lines = 0;
    long bytes = 0;
    boolean blank = true;
    for (int size = in.read(piece); size >= 0 && !halted.getAsBoolean(); size = in.read(piece)) {
      bytes += size;
      if (bytes > mostBytes) {
        return -1;
      }
      for (int i = 0; i < size; i++) {
        if (piece[i] == '\n') {
          lines += blank ? 0 : 1;
          blank = true;
        } else {
          blank &= blank(piece[i]);
        }
      }
      out.write(piece, 0, size);
    }
    return lines + (blank ? 0 : 1);
  }
}
