package dev.outcrop.serving.fetch;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.s3.S3Clients;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Brings a checkpoint from S3 into a folder, for an init container or an operator. Files that are
 * there already, of the same version, are left alone; one that fails to come whole is not there at
 * all. For one thread.
 */
public final class CheckpointFetch {
  private static final String MANIFEST = "manifest.json";

  private final S3Client s3;
  private final Prefix prefix;
  private final Path folder;
  private final Options options;
  private final AtomicLong fetched = new AtomicLong();

  /**
   * Creates one; nothing happens yet.
   *
   * @param s3 a client, which its caller closes
   */
  public CheckpointFetch(S3Client s3, Prefix prefix, Path folder, Options options) {
    this.s3 = s3;
    this.prefix = prefix;
    this.folder = folder;
    this.options = options;
  }

  /**
   * How to go about it.
   *
   * @param connections how many to open at most
   * @param partSize bytes that one request asks for
   * @param content what lies below the prefix
   */
  public record Options(int connections, long partSize, Content content) {
    /** Eight connections, parts of 64 MiB, a checkpoint. */
    public static final Options DEFAULT = new Options(8, 64L << 20, Content.CHECKPOINT);
  }

  /** What lies below a prefix, from which it follows what of it is brought. */
  public enum Content {
    /** A checkpoint, of which only what the server reads is brought. */
    CHECKPOINT,
    /** Whatever there is. */
    ALL,
    /**
     * A bundle compiled ahead of time. It is whole once its manifest is there, which is written
     * last: nothing is brought before.
     */
    BUNDLE
  }

  /**
   * What there is to bring.
   *
   * @param files how many files the checkpoint has
   * @param missing those of them that are not here yet
   * @param skipped names of objects that the server has no use for
   */
  public record Plan(int files, List<RemoteName> missing, List<String> skipped) {
    /** Copies the lists. */
    public Plan {
      missing = List.copyOf(missing);
      skipped = List.copyOf(skipped);
    }

    /** Bytes to bring. */
    public long bytes() {
      return missing.stream().mapToLong(RemoteName::size).sum();
    }
  }

  /**
   * A file that is to come.
   *
   * @param name its path below the folder
   * @param size its bytes
   */
  public record RemoteName(String name, long size) {}

  /** Bytes that have come; for any thread, while {@link #run} runs. */
  public long fetched() {
    return fetched.get();
  }

  /**
   * Brings what is missing.
   *
   * @param began told what there is to do, before the first byte comes
   * @throws OutcropException where S3 refuses, breaks off too often, or the folder cannot take it
   */
  public void run(Consumer<Plan> began) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    List<String> skipped = new ArrayList<>();
    List<RemoteFile> files = list(skipped::add);
    try (FileChannel _ = FetchedFiles.lock(folder)) {
      bringMissing(files, skipped, began);
    }
  }

  private void bringMissing(List<RemoteFile> files, List<String> skipped, Consumer<Plan> began)
      throws IOException, InterruptedException {
    FetchedFiles record = FetchedFiles.in(folder, prefix);
    Download.removeLeftParts(folder);
    List<RemoteFile> missing = new ArrayList<>();
    for (RemoteFile file : files) {
      if (!record.has(file)) {
        missing.add(file);
      }
    }
    Plan plan =
        new Plan(
            files.size(),
            missing.stream().map(file -> new RemoteName(file.name(), file.size())).toList(),
            skipped);
    checkRoom(needed(missing));
    began.accept(plan);
    record.begin();
    try (PartThreads threads = new PartThreads()) {
      Semaphore connections = new Semaphore(options.connections());
      for (RemoteFile file : missing) {
        record.forget(file);
        bring(file, threads, connections);
        record.add(file);
      }
    }
  }

  private List<RemoteFile> list(Consumer<String> skipped) {
    List<RemoteFile> files = new ArrayList<>();
    Predicate<String> wanted =
        options.content() == Content.CHECKPOINT ? RemoteFile::wanted : name -> true;
    try {
      for (S3Object object :
          s3.listObjectsV2Paginator(r -> r.bucket(prefix.bucket()).prefix(prefix.key()))
              .contents()) {
        String name = object.key().substring(prefix.key().length());
        if (name.isEmpty() || name.endsWith("/")) {
          continue; // a console's mark for a folder
        }
        if (RemoteFile.hidden(name) || !wanted.test(name)) {
          skipped.accept(name);
        } else {
          files.add(new RemoteFile(name, object.key(), object.size(), object.eTag()));
        }
      }
    } catch (SdkException e) {
      throw new OutcropException(
          ServingError.START_FAILED,
          "cannot list %s: %s".formatted(prefix.uri(), S3Clients.reason(e)));
    }
    if (files.isEmpty()) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "there is no object below %s".formatted(prefix.uri()));
    }
    if (options.content() == Content.BUNDLE
        && files.stream().noneMatch(file -> file.name().equals(MANIFEST))) {
      throw new OutcropException(
          ServingError.START_FAILED,
          "%s holds no %s, the last file that a compile job writes: the bundle is not whole yet"
              .formatted(prefix.uri(), MANIFEST));
    }
    return files;
  }

  private void checkRoom(long bytes) throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    if (bytes > free) {
      throw new OutcropException(
          ServingError.START_FAILED,
          "%s has %d bytes free, and %d are needed".formatted(folder, free, bytes));
    }
  }

  /** Bytes that have to be free: each file takes the place of an older one when it is whole. */
  long needed(List<RemoteFile> missing) throws IOException {
    long taken = 0;
    long most = 0;
    for (RemoteFile file : missing) {
      taken += file.size();
      most = Math.max(most, taken);
      Path older = folder.resolve(file.name());
      if (Files.isRegularFile(older)) {
        taken -= Files.size(older);
      }
    }
    return most;
  }

  private void bring(RemoteFile file, PartThreads threads, Semaphore connections)
      throws IOException, InterruptedException {
    Path target = folder.resolve(file.name());
    Files.createDirectories(folder.resolve(file.name() + "/..").normalize());
    Path part = Download.partOf(target);
    try {
      try (FileChannel to =
          FileChannel.open(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        threads.all(
            new Download(s3, prefix, file, connections, fetched).parts(to, options.partSize()));
      }
      Download.finish(part, target);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /** Threads for parts; the first failure ends the others. */
  private static final class PartThreads implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    void all(List<Callable<Void>> parts) throws InterruptedException {
      var done = new ExecutorCompletionService<Void>(threads);
      parts.forEach(done::submit);
      for (int i = 0; i < parts.size(); i++) {
        try {
          done.take().get();
        } catch (ExecutionException e) {
          threads.shutdownNow();
          if (e.getCause() instanceof OutcropException failed) {
            throw failed;
          }
          throw new IllegalStateException("a part failed in a way that is no refusal", e);
        }
      }
    }

    @Override
    public void close() {
      threads.shutdownNow();
      threads.close();
    }
  }
}
