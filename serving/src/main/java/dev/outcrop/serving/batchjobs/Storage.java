package dev.outcrop.serving.batchjobs;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One kind of storage. What goes wrong is an {@link dev.outcrop.models.OutcropException} whose
 * message the client may read.
 */
interface Storage<P extends Place> {
  /**
   * The input files of a place: itself, or the files with the suffix {@code .jsonl} in it.
   *
   * @param owner the account that a bucket has to belong to
   */
  List<Source> sources(P place, @Nullable String owner);

  /** A folder of a place, made where it is not there. Fails where nothing can be written there. */
  Target target(P place, String folder, @Nullable String owner, @Nullable String key);

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
