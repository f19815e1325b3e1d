package dev.outcrop.serving.batchjobs;

import dev.outcrop.serving.json.Fields;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One kind of storage. What goes wrong is an {@link dev.outcrop.models.OutcropException} whose
 * message the client may read.
 */
interface Storage<P extends Place> {
  /** Files of one input; each costs an output file and a line in the job's state. */
  int MOST_FILES = 1_000;

  /**
   * The input files of a place: itself, or the files with the suffix {@code .jsonl} in it. More
   * than {@link #MOST_FILES} are refused.
   *
   * @param owner the account that a bucket has to belong to
   */
  List<Source> sources(P place, @Nullable String owner);

  /** A folder of a place, made where it is not there. Fails where nothing can be written there. */
  Target target(P place, String folder, @Nullable String owner, @Nullable String key);

  /** Adds a file to those of a place while there are not too many. */
  static void add(List<Source> sources, Source next, Place place) {
    if (sources.size() == MOST_FILES) {
      throw Fields.invalid("%s holds more than %d .jsonl files".formatted(place.uri(), MOST_FILES));
    }
    sources.add(next);
  }

  /** An input file. */
  interface Source {
    /** Its name, with no folder. */
    String name();

    /** Opens it. */
    InputStream open();
  }

  /** A folder that output goes to. */
  interface Target {
    /** Begins a file, which replaces one of the same name. */
    Upload create(String name);
  }

  /** A file that is written. Nobody sees it before it is whole. */
  abstract class Upload extends OutputStream {
    @Override
    public abstract void write(byte[] bytes, int from, int length);

    /** The file is whole. */
    abstract void commit();

    /** Gives up what was not committed. */
    @Override
    public abstract void close();
  }
}
