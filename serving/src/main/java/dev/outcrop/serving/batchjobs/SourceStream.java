package dev.outcrop.serving.batchjobs;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** An input file that tells its own failures from those of where it is copied to. */
final class SourceStream extends FilterInputStream {
  private final Place place;

  SourceStream(InputStream in, Place place) {
    super(in);
    this.place = place;
  }

  @Override
  public int read() {
    try {
      return super.read();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  @Override
  public int read(byte[] bytes, int from, int length) {
    try {
      return super.read(bytes, from, length);
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    }
  }

  private OutcropException broken(Exception e) {
    return new OutcropException(
        ServingError.REQUEST_INVALID,
        "Cannot read %s: it ended before it was whole".formatted(place.uri()),
        e);
  }
}
