package dev.outcrop.serving.auth;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many replicas share the quotas, as a file tells that somebody else writes: one whole number.
 * A file that is not there, is empty or says something else changes nothing; before there was a
 * good one it is one replica. A number is taken when two looks in a row saw it, since half of a
 * number that is being written is a number too. Used by one thread.
 */
final class LiveReplicas {
  private static final Logger LOG = LoggerFactory.getLogger(LiveReplicas.class);
  private static final Pattern NUMBER = Pattern.compile("0*([1-9]\\d{0,5})");
  private static final int LONGEST = 64;
  private static final int UNKNOWN = 0;

  private final Path file;
  private int count = 1;
  private int seen;
  private boolean known;

  /** Takes what the file says already. */
  LiveReplicas(Path file) {
    this.file = file;
    this.seen = read();
    look();
  }

  /** How many there are, at least 1. */
  int count() {
    return count;
  }

  /**
   * Looks at the file.
   *
   * @return whether it says another number now than before
   */
  boolean look() {
    int before = seen;
    seen = read();
    if (seen == UNKNOWN) {
      if (known) {
        known = false;
        LOG.warn("{} holds no number of replicas; it stays at {}", file, count);
      }
      return false;
    }
    if (seen != before) {
      return false;
    }
    known = true;
    if (seen == count) {
      return false;
    }
    LOG.info("quotas are shared by {} replicas, {} before", seen, count);
    count = seen;
    return true;
  }

  private int read() {
    try (InputStream in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(LONGEST), StandardCharsets.US_ASCII).strip();
      var number = NUMBER.matcher(text);
      return number.matches() ? Integer.parseInt(number.group(1)) : UNKNOWN;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }
}
