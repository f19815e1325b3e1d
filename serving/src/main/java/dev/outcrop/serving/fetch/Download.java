package dev.outcrop.serving.fetch;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.s3.S3Clients;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Brings one object into a file: parts in parallel, each of the version that was listed, into a
 * file beside the real one that takes its place when it is whole and on the disk.
 */
final class Download {
  /** What the name of a file that is not whole yet ends with. */
  static final String PART = ".part";

  private static final int TRIES = 5;
  private static final int BUFFER = 1 << 18;
  private static final String CHANGED_REASON = "it was changed while it was fetched";
  private static final int LATE = 408;
  private static final int CHANGED = 412;
  private static final int SLOW_DOWN = 429;
  private static final int SERVER_FAULT = 500;

  private final S3Client s3;
  private final Prefix prefix;
  private final RemoteFile file;
  private final Semaphore connections;
  private final AtomicLong fetched;

  /**
   * Creates one.
   *
   * @param connections how many parts of all files may run at a time
   * @param fetched counts the bytes that have come
   */
  Download(S3Client s3, Prefix prefix, RemoteFile file, Semaphore connections, AtomicLong fetched) {
    this.s3 = s3;
    this.prefix = prefix;
    this.file = file;
    this.connections = connections;
    this.fetched = fetched;
  }

  /** Where the file grows until it is whole. */
  static Path partOf(Path target) {
    return target.resolveSibling("." + target.getFileName() + PART);
  }

  /** Removes what a process that was killed has left of files below a folder. */
  static void removeLeftParts(Path folder) throws IOException {
    Files.walkFileTree(
        folder.toRealPath(),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String name = file.getFileName().toString();
            if (name.startsWith(".") && name.endsWith(PART)) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE; // a volume's own folder is root's
          }
        });
  }

  /** The parts; each does its work when called, and may be called on any thread. */
  List<Callable<Void>> parts(FileChannel to, long partSize) {
    List<Callable<Void>> parts = new ArrayList<>();
    for (long from = 0; from < file.size(); from += partSize) {
      long first = from;
      long end = Math.min(file.size(), from + partSize);
      parts.add(
          () -> {
            connections.acquire();
            try {
              part(to, first, end);
            } finally {
              connections.release();
            }
            return null;
          });
    }
    return parts;
  }

  /** Puts the whole file into its place. */
  static void finish(Path part, Path target) throws IOException {
    try (FileChannel written = FileChannel.open(part, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Brings the bytes from first to end; a connection that breaks is taken up where it broke. */
  private void part(FileChannel to, long first, long end) throws InterruptedException {
    long at = first;
    for (int attempt = 1; ; attempt++) {
      long before = at;
      try {
        at = copy(to, at, end);
        if (at == end) {
          return;
        }
        if (attempt >= TRIES) {
          throw failed("it ended before it was whole");
        }
      } catch (SdkException e) {
        if (attempt >= TRIES || permanent(e)) {
          throw failed(
              e instanceof S3Exception s && s.statusCode() == CHANGED
                  ? CHANGED_REASON
                  : S3Clients.reason(e));
        }
      }
      if (at > before) {
        attempt = 1;
      }
      Thread.sleep(100L << attempt);
    }
  }

  private static boolean permanent(SdkException e) {
    return e instanceof S3Exception service
        && service.statusCode() < SERVER_FAULT
        && service.statusCode() != LATE
        && service.statusCode() != SLOW_DOWN;
  }

  /** Some servers ignore conditions or ranges, and would mix versions or misplace bytes. */
  private void checkThatItIs(GetObjectResponse response, long from) {
    String etag = response.eTag();
    if (etag != null && !bare(etag).equals(bare(file.etag()))) {
      throw failed(CHANGED_REASON);
    }
    String range = response.contentRange();
    if (range == null ? from > 0 : !range.startsWith("bytes %d-".formatted(from))) {
      throw failed("its server does not send the part of it that was asked for");
    }
  }

  private static String bare(String etag) {
    return etag.replace("\"", "");
  }

  /** Copies until the end or until the connection breaks; how far it came. */
  private long copy(FileChannel to, long from, long end) {
    GetObjectRequest request =
        GetObjectRequest.builder()
            .bucket(prefix.bucket())
            .key(file.key())
            .ifMatch(file.etag())
            .range("bytes=%d-%d".formatted(from, end - 1))
            .build();
    long at = from;
    byte[] buffer = new byte[BUFFER];
    try (ResponseInputStream<GetObjectResponse> in = s3.getObject(request)) {
      checkThatItIs(in.response(), from);
      while (at < end) {
        int read;
        try {
          read = in.read(buffer, 0, (int) Math.min(buffer.length, end - at));
        } catch (IOException e) {
          return at;
        }
        if (read < 0) {
          return at;
        }
        write(to, ByteBuffer.wrap(buffer, 0, read), at);
        at += read;
        fetched.addAndGet(read);
      }
    } catch (IOException e) {
      return at; // closing a connection that is broken
    }
    return at;
  }

  private void write(FileChannel to, ByteBuffer bytes, long at) {
    try {
      long position = at;
      while (bytes.hasRemaining()) {
        position += to.write(bytes, position);
      }
    } catch (IOException e) {
      throw failed("the disk does not take it: " + e.getMessage());
    }
  }

  private OutcropException failed(String reason) {
    return new OutcropException(
        ServingError.START_FAILED,
        "cannot fetch %s%s: %s".formatted(prefix.uri(), file.name(), reason));
  }
}
