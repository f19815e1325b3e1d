package dev.outcrop.serving.batchjobs;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.json.Fields;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Files of this machine. Every folder below the allowed one is opened from the one above it, and no
 * symbolic link is followed on the way, so there is no moment in which one can lead a file outside.
 * Folders are made by their path, as Java has nothing else: whoever swaps a parent for a link at
 * that moment gets an empty folder elsewhere, which nothing is ever written to.
 */
final class FolderStorage implements Storage<Place.InFolder> {
  private static final String SUFFIX = ".jsonl";
  private static final Set<OpenOption> READ =
      Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  private static final Set<OpenOption> WRITE =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);

  @Override
  public List<Source> sources(Place.InFolder place, @Nullable String owner) {
    try {
      return sources(place);
    } catch (IOException e) {
      throw failed("read", place, e);
    }
  }

  private static List<Source> sources(Place.InFolder place) throws IOException {
    List<String> path = place.path();
    if (!path.isEmpty() && path.getLast().endsWith(SUFFIX)) {
      List<String> parent = path.subList(0, path.size() - 1);
      try (SecureDirectoryStream<Path> folder = open(place.root(), parent)) {
        regular(folder, path.getLast());
      }
      return List.of(new InFile(place, parent, path.getLast()));
    }
    List<Source> sources = new ArrayList<>();
    try (SecureDirectoryStream<Path> folder = open(place.root(), path)) {
      for (Path each : folder) {
        String name = String.valueOf(each.getFileName());
        if (name.endsWith(SUFFIX) && !name.startsWith(".")) {
          regular(folder, name);
          Storage.add(sources, new InFile(place, path, name), place);
        }
      }
    }
    sources.sort(Comparator.comparing(Source::name));
    return sources;
  }

  @Override
  public Target target(
      Place.InFolder place, String name, @Nullable String owner, @Nullable String key) {
    List<String> path = new ArrayList<>(place.path());
    path.add(name);
    try {
      Path at = real(place.root());
      for (int i = 0; i < path.size(); i++) {
        at = at.resolve(path.get(i));
        try (SecureDirectoryStream<Path> parent = open(place.root(), path.subList(0, i))) {
          if (!exists(parent, path.get(i))) {
            Files.createDirectory(at);
          }
        } catch (FileAlreadyExistsException e) {
          // somebody else made it; it is opened below
        }
      }
      Target target = file -> new OutFile(place, path, file);
      target.create("manifest.json.out").close();
      return target;
    } catch (IOException e) {
      throw failed("write", place, e);
    }
  }

  private static boolean exists(SecureDirectoryStream<Path> folder, String name)
      throws IOException {
    try {
      view(folder, name).readAttributes();
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Refuses what is no plain file: links, and pipes that nobody may ever write to. */
  private static void regular(SecureDirectoryStream<Path> folder, String name) throws IOException {
    if (!view(folder, name).readAttributes().isRegularFile()) {
      throw new FileSystemException(name, null, "is no plain file");
    }
  }

  private static BasicFileAttributeView view(SecureDirectoryStream<Path> folder, String name) {
    return folder.getFileAttributeView(
        Path.of(name), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }

  /** Whoever asked closes it. */
  @SuppressWarnings("StreamResourceLeak")
  private static SecureDirectoryStream<Path> open(Path root, List<String> path) throws IOException {
    SecureDirectoryStream<Path> at = secure(Files.newDirectoryStream(real(root)));
    for (String name : path) {
      try (SecureDirectoryStream<Path> parent = at) {
        at = parent.newDirectoryStream(Path.of(name), LinkOption.NOFOLLOW_LINKS);
      }
    }
    return at;
  }

  /** The allowed folder, which is never made: its name may be a tenant's, its owner is not. */
  private static Path real(Path root) throws IOException {
    try {
      return root.toRealPath();
    } catch (NoSuchFileException e) {
      throw new FileSystemException(
          null,
          null,
          "no such folder: file://%s, which the operator of this server has to make"
              .formatted(root));
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream)
      throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new FileSystemException(null, null, "this platform cannot open folders safely");
  }

  /** Says what the system says, without the paths of this machine. */
  private static OutcropException failed(String verb, Place place, IOException e) {
    String reason =
        switch (e) {
          case NoSuchFileException _ -> "no such file or folder";
          case AccessDeniedException _ -> "access denied";
          case FileSystemException system when system.getReason() != null -> system.getReason();
          default -> "input or output error";
        };
    return Fields.invalid("Cannot %s %s: %s".formatted(verb, place.uri(), reason));
  }

  /** An input file, opened when it is read. */
  private record InFile(Place.InFolder place, List<String> folder, String name) implements Source {
    @Override
    public InputStream open() {
      try (SecureDirectoryStream<Path> opened = FolderStorage.open(place.root(), folder)) {
        regular(opened, name);
        return new SourceStream(
            Channels.newInputStream(opened.newByteChannel(Path.of(name), READ)), place);
      } catch (IOException e) {
        throw failed("read", place, e);
      }
    }
  }

  /** An output file under another name until it is whole. */
  private static final class OutFile extends Upload {
    private final Place.InFolder place;
    private final SecureDirectoryStream<Path> folder;
    private final Path name;
    private final Path next;
    private final SeekableByteChannel channel;
    private boolean committed;

    OutFile(Place.InFolder place, List<String> path, String name) {
      this.place = place;
      this.name = Path.of(name);
      this.next = Path.of("." + name + ".next");
      try {
        this.folder = FolderStorage.open(place.root(), path);
      } catch (IOException e) {
        throw failed("write", place, e);
      }
      try {
        this.channel = folder.newByteChannel(next, WRITE);
      } catch (IOException e) {
        try (folder) {
          throw failed("write", place, e);
        } catch (IOException again) {
          throw failed("write", place, again);
        }
      }
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, from, length);
      try {
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      } catch (IOException e) {
        throw failed("write", place, e);
      }
    }

    @Override
    void commit() {
      try {
        if (channel instanceof FileChannel file) {
          file.force(true);
        }
        channel.close();
        folder.move(next, folder, name);
        committed = true;
      } catch (IOException e) {
        throw failed("write", place, e);
      }
    }

    @Override
    public void close() {
      try (folder) {
        channel.close();
        if (!committed) {
          folder.deleteFile(next);
        }
      } catch (IOException e) {
        throw failed("write", place, e);
      }
    }
  }
}
