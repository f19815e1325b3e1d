package dev.outcrop.serving.batchjobs;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The finished records of one input file: output and journal in one, so that a record is finished
 * exactly when its output is on disk. A frame is a header, with a checksum over all of it, and the
 * line; whatever follows the last whole frame is cut off when the file is opened again.
 *
 * <p>What a process wrote outlives its death at once; for the death of the machine the file is
 * forced to disk once a second. Records that are lost then run again. The file is open only from
 * the first record that is added until {@link #close}, and opens again for the next. Safe to use
 * from any thread.
 */
final class Spool implements AutoCloseable {
  /** Bytes of a frame before its line: five numbers and a flag. */
  static final int HEADER = 5 * Integer.BYTES + 1;

  private static final long FORCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Path file;
  private final BitSet finished;
  private final Progress recovered;

  /** The bytes of all whole frames. */
  private long length;

  private @Nullable FileChannel channel;
  private long forcedNanos = System.nanoTime();

  private Spool(Path file, BitSet finished, Progress recovered, long length) {
    this.file = file;
    this.finished = finished;
    this.recovered = recovered;
    this.length = length;
  }

  /** Reads what is finished; a file that is not there holds nothing. */
  static Spool open(Path file, Halt halt) throws IOException, InterruptedException {
    BitSet finished = new BitSet();
    Progress progress = Progress.NONE;
    long good = 0;
    if (Files.exists(file)) {
      try (DataInputStream in =
          new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
        long left = Files.size(file);
        for (Frame frame = Frame.read(in, left); frame != null; frame = Frame.read(in, left)) {
          halt.checkOpen();
          good += frame.size();
          left -= frame.size();
          if (!finished.get(frame.index())) {
            finished.set(frame.index());
            progress = progress.plus(frame.answered(), frame.inputTokens(), frame.outputTokens());
          }
        }
      }
    }
    return new Spool(file, finished, progress, good);
  }

  /** Whether a record was finished when the file was opened. */
  boolean finished(int index) {
    return finished.get(index);
  }

  /** What was finished when the file was opened. */
  Progress recovered() {
    return recovered;
  }

  /** Finishes a record. */
  void add(int index, RecordResult result) throws IOException {
    Frame frame =
        new Frame(
            index, result.answered(), result.inputTokens(), result.outputTokens(), result.line());
    ByteBuffer bytes = frame.bytes();
    synchronized (this) {
      FileChannel to = channel();
      long at = length;
      while (bytes.hasRemaining()) {
        at += to.write(bytes, at);
      }
      length = at;
      if (System.nanoTime() - forcedNanos >= FORCE_NANOS) {
        force();
      }
    }
  }

  private FileChannel channel() throws IOException {
    FileChannel opened = channel;
    if (opened == null) {
      opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel = opened;
      opened.truncate(length);
    }
    return opened;
  }

  /** After this all that is finished outlives the machine. */
  synchronized void force() throws IOException {
    if (length > 0) {
      channel().force(false);
    }
    forcedNanos = System.nanoTime();
  }

  /** Writes the lines of what is finished, in the order in which that was. */
  void copyTo(OutputStream out, Halt halt) throws IOException, InterruptedException {
    long left;
    synchronized (this) {
      left = length;
    }
    if (left == 0) {
      return;
    }
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 1 << 16))) {
      while (left > 0) {
        Frame frame = Frame.read(in, left);
        if (frame == null) {
          throw new IOException("a finished record cannot be read back");
        }
        halt.checkOpen();
        left -= frame.size();
        out.write(frame.line());
        out.write('\n');
      }
    }
  }

  @Override
  public synchronized void close() throws IOException {
    try (FileChannel opened = channel) {
      if (opened != null) {
        channel = null;
        opened.force(false);
      }
    }
  }

  /** One record in the file. */
  private record Frame(
      int index, boolean answered, int inputTokens, int outputTokens, byte[] line) {
    /** Reads a frame, or null where there is no whole one. */
    static @Nullable Frame read(DataInputStream in, long left) throws IOException {
      if (left < HEADER) {
        return null;
      }
      try {
        int index = in.readInt();
        int input = in.readInt();
        int output = in.readInt();
        int length = in.readInt();
        byte answered = in.readByte();
        int sum = in.readInt();
        if (index < 0 || length < 0 || length > left - HEADER || answered >> 1 != 0) {
          return null;
        }
        Frame frame = new Frame(index, answered != 0, input, output, in.readNBytes(length));
        return frame.line.length == length && frame.checksum() == sum ? frame : null;
      } catch (EOFException e) {
        return null;
      }
    }

    long size() {
      return HEADER + (long) line.length;
    }

    ByteBuffer bytes() {
      return header(ByteBuffer.allocate(HEADER + line.length)).putInt(checksum()).put(line).flip();
    }

    private ByteBuffer header(ByteBuffer to) {
      return to.putInt(index)
          .putInt(inputTokens)
          .putInt(outputTokens)
          .putInt(line.length)
          .put((byte) (answered ? 1 : 0));
    }

    private int checksum() {
      CRC32 sum = new CRC32();
      sum.update(header(ByteBuffer.allocate(HEADER)).flip());
      sum.update(line);
      return (int) sum.getValue();
    }
  }
}
