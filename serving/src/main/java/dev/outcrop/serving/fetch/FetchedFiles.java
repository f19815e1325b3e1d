package dev.outcrop.serving.fetch;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a folder holds of a checkpoint in S3, in the file {@value #NAME}: the first line is the
 * prefix, every other one an ETag, a space and the name of a file that is whole. Written anew after
 * each file, in one step, so that a fetch that is killed goes on where it was. Of one thread, under
 * the folder's {@link #lock}.
 */
final class FetchedFiles {
  private static final Logger LOG = LoggerFactory.getLogger(FetchedFiles.class);
  private static final String NAME = ".outcrop-fetch";

  private final Path folder;
  private final String uri;
  private final Map<String, String> etags = new TreeMap<>();

  private FetchedFiles(Path folder, String uri) {
    this.folder = folder;
    this.uri = uri;
  }

  /** Reads what was fetched into a folder before; one of another prefix is refused. */
  static FetchedFiles in(Path folder, Prefix prefix) throws IOException {
    FetchedFiles files = new FetchedFiles(folder, prefix.uri());
    Path record = folder.resolve(NAME);
    if (!Files.exists(record)) {
      refuseForeign(folder);
      return files;
    }
    List<String> lines = Files.readAllLines(record);
    if (lines.isEmpty()) {
      LOG.warn("{} is empty; all files are fetched again", record);
      return files;
    }
    if (!lines.getFirst().equals(files.uri)) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "%s holds what was fetched from %s; name another folder"
              .formatted(folder, lines.getFirst()));
    }
    for (String line : lines.subList(1, lines.size())) {
      int space = line.indexOf(' ');
      if (space > 0) {
        files.etags.put(line.substring(space + 1), line.substring(0, space));
      }
    }
    return files;
  }

  /**
   * Waits until no other process fetches into a folder, such as another pod's on a shared volume;
   * then it is this one's turn until the result is closed.
   */
  static FileChannel lock(Path folder) throws IOException {
    FileChannel file =
        FileChannel.open(
            folder.resolve(NAME + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      file.lock();
    } catch (IOException e) {
      // Lustre that was mounted without flock has no locks; then two fetches do the same work.
      LOG.warn("{} cannot be locked: {}", folder, e.getMessage());
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
    return file;
  }

  /** Files of somebody else's would be mixed with the checkpoint's, or overwritten. */
  private static void refuseForeign(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      // A volume's own folder is there from the start.
      if (entries.anyMatch(
          path ->
              !path.getFileName().toString().equals("lost+found")
                  && !path.getFileName().toString().startsWith(NAME)
                  && !path.getFileName().toString().endsWith(Download.PART))) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID,
            "%s holds files that were not fetched; name another folder".formatted(folder));
      }
    }
  }

  /** Whether a file is here, whole and of this version. */
  boolean has(RemoteFile file) throws IOException {
    Path path = folder.resolve(file.name());
    return file.etag().equals(etags.get(file.name()))
        && Files.isRegularFile(path)
        && Files.size(path) == file.size();
  }

  /** A file is about to change. */
  void forget(RemoteFile file) throws IOException {
    if (etags.remove(file.name()) != null) {
      write();
    }
  }

  /** A file is whole. */
  void add(RemoteFile file) throws IOException {
    etags.put(file.name(), file.etag());
    write();
  }

  /**
   * Writes the file where none is yet, or an empty one, so that the folder is known as this
   * prefix's.
   */
  void begin() throws IOException {
    Path record = folder.resolve(NAME);
    if (!Files.exists(record) || Files.size(record) == 0) {
      write();
    }
  }

  private void write() throws IOException {
    StringBuilder text = new StringBuilder(uri).append('\n');
    etags.forEach((name, etag) -> text.append(etag).append(' ').append(name).append('\n'));
    Path next = folder.resolve(NAME + Download.PART);
    Files.writeString(next, text);
    Download.finish(next, folder.resolve(NAME)); // a crash of the node must not leave it empty
  }
}
