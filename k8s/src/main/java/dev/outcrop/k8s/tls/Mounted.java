package dev.outcrop.k8s.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was made of files that belong together, as a mounted Secret's do, and are swapped without
 * notice. Files that cannot be used are named in the log, and what was made of the old ones stays.
 * {@link #get} is safe on any thread; one thread looks.
 */
final class Mounted<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Mounted.class);
  private static final long MAX_BYTES = 1 << 20;

  private final List<Path> files;
  private final Function<List<byte[]>, T> reader;
  private List<byte[]> inUse;

  /** What was said of the files as they are now; empty where nothing is wrong with them. */
  private String said = "";

  private volatile T made;

  /**
   * Reads the files for the first time.
   *
   * @param reader makes something of their bytes, or throws an {@link IllegalArgumentException}
   *     that says what is wrong and quotes nothing
   * @throws IllegalArgumentException that names the files
   */
  Mounted(List<Path> files, Function<List<byte[]>, T> reader) {
    this.files = files;
    this.reader = reader;
    try {
      this.inUse = contents();
      this.made = reader.apply(inUse);
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read one of " + files, e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(files + ": " + e.getMessage(), e);
    }
  }

  /** What new connections begin with. */
  T get() {
    return made;
  }

  /** Looks once; returns whether something new is in use. */
  boolean look() {
    try {
      List<byte[]> now = contents();
      if (same(now, inUse) && said.isEmpty()) {
        return false;
      }
      if (!same(now, contents())) {
        // The files are being swapped: the next look finds them whole.
        return false;
      }
      made = reader.apply(now);
      inUse = now;
      said = "";
      LOG.info("what is new in {} is in use", files);
      return true;
    } catch (IOException e) {
      stays("they cannot be read");
    } catch (IllegalArgumentException e) {
      stays(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // A provider's; the looks go on, and its message may quote the key.
      stays("they cannot be read: " + e.getClass().getName());
    }
    return false;
  }

  /** Files that are not used are tried again at every look: a certificate may begin later. */
  private void stays(String reason) {
    if (!reason.equals(said)) {
      said = reason;
      LOG.warn("what is new in {} is not used: {}; the old stays", files, reason);
    }
  }

  private static boolean same(List<byte[]> one, List<byte[]> other) {
    for (int i = 0; i < one.size(); i++) {
      if (!Arrays.equals(one.get(i), other.get(i))) {
        return false;
      }
    }
    return true;
  }

  private List<byte[]> contents() throws IOException {
    byte[][] contents = new byte[files.size()][];
    for (int i = 0; i < contents.length; i++) {
      Path file = files.get(i);
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException(file + " is larger than " + MAX_BYTES + " bytes");
      }
      contents[i] = Files.readAllBytes(file);
    }
    return List.of(contents);
  }
}
