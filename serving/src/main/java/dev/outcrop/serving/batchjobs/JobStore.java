package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs on disk, a folder each: {@code job.json} never changes, {@code state.json} is replaced
 * whole, {@code in} holds the copied input and {@code out} the finished records. One process at a
 * time uses it. Safe to use from any thread.
 */
final class JobStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
  private static final Pattern ID = Pattern.compile("[a-z0-9]{12}");
  private static final String JOB = "job.json";
  private static final String STATE = "state.json";
  private static final Pattern DROPPED = Pattern.compile(ID + "\\.dropped");

  private final Path folder;
  private final Json json;
  private final FileChannel lock;

  private JobStore(Path folder, Json json, FileChannel lock) {
    this.folder = folder;
    this.json = json;
    this.lock = lock;
  }

  /** Opens a folder, which is made where it is not there. */
  static JobStore open(Path folder, Json json) {
    try {
      Files.createDirectories(folder);
      FileChannel lock =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(lock)) {
        lock.close();
        throw new OutcropException(
            ServingError.CONFIG_INVALID,
            "batch-jobs.folder %s is in use by another process".formatted(folder));
      }
      return new JobStore(folder, json, lock);
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "batch-jobs.folder %s cannot be used".formatted(folder), e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      @Nullable FileLock held = channel.tryLock();
      return held != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /**
   * All jobs that can be read; what cannot is left alone and logged. What the process before was
   * about to delete when it was killed is deleted.
   */
  List<Job> load() throws IOException {
    List<Job> jobs = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder)) {
      for (Path each : folders) {
        String id = String.valueOf(each.getFileName());
        if (DROPPED.matcher(id).matches()) {
          delete(each);
        } else if (ID.matcher(id).matches() && Files.exists(each.resolve(JOB))) {
          try {
            Job job = load(id);
            tidy(job);
            jobs.add(job);
          } catch (IOException | OutcropException | DateTimeException e) {
            LOG.warn("job {} cannot be read: {}", id, e.getClass().getSimpleName());
          }
        }
      }
    }
    return jobs;
  }

  /** Only a job that runs needs its copied input, and only once that is whole. */
  private void tidy(Job job) {
    JobState state = job.state();
    if (state.status().ended()) {
      clean(job.id(), state.status() == JobStatus.FAILED);
    } else if (state.files().isEmpty()) {
      delete(folder(job.id()).resolve("in"));
    }
  }

  private Job load(String id) throws IOException {
    ObjectNode job = json.object(Files.readAllBytes(folder(id).resolve(JOB)));
    Instant submitted = Instant.parse(job.path("submitTime").asText());
    Path state = folder(id).resolve(STATE);
    return new Job(
        id,
        new Job.Owner(job.path("tenant").asText(), job.path("weight").asInt(1)),
        JobRequest.read(job.withObject("/request")),
        submitted,
        Files.exists(state)
            ? state(json.object(Files.readAllBytes(state)))
            : JobState.submitted(submitted),
        this);
  }

  /** Writes what never changes of a job. */
  void create(Job job) throws IOException {
    Files.createDirectories(folder(job.id()));
    ObjectNode node =
        Json.object()
            .put("tenant", job.owner().tenant())
            .put("weight", job.owner().weight())
            .put("submitTime", job.submitted().toString());
    node.set("request", job.request().body());
    replace(folder(job.id()).resolve(JOB), json.bytes(node));
  }

  /** Writes the state of a job. */
  void save(String id, JobState state) throws IOException {
    ObjectNode node =
        Json.object()
            .put("status", state.status().word())
            .put("message", state.message())
            .put("modified", state.modified().toString());
    Instant ended = state.ended();
    node.put("ended", ended == null ? null : ended.toString());
    ArrayNode files = node.putArray("files");
    for (JobState.InputFile file : state.files()) {
      files
          .addObject()
          .put("name", file.name())
          .put("records", file.records())
          .put("published", file.published());
    }
    Progress progress = state.progress();
    node.put("total", progress.total())
        .put("success", progress.success())
        .put("error", progress.error())
        .put("inputTokens", progress.inputTokens())
        .put("outputTokens", progress.outputTokens());
    replace(folder(id).resolve(STATE), json.bytes(node));
  }

  private static JobState state(ObjectNode node) throws IOException {
    JobStatus status =
        JobStatus.of(node.path("status").asText())
            .orElseThrow(() -> new IOException("no such status"));
    List<JobState.InputFile> files = new ArrayList<>();
    for (JsonNode file : node.path("files")) {
      files.add(
          new JobState.InputFile(
              file.path("name").asText(),
              file.path("records").asInt(),
              file.path("published").asBoolean()));
    }
    String ended = node.path("ended").textValue();
    return new JobState(
        status,
        node.path("message").textValue(),
        Instant.parse(node.path("modified").asText()),
        ended == null ? null : Instant.parse(ended),
        files,
        new Progress(
            node.path("total").asLong(),
            node.path("success").asLong(),
            node.path("error").asLong(),
            node.path("inputTokens").asLong(),
            node.path("outputTokens").asLong()));
  }

  private Path folder(String id) {
    return folder.resolve(id);
  }

  /** Where the copy of an input file is. */
  Path input(String id, int file) throws IOException {
    return Files.createDirectories(folder(id).resolve("in")).resolve(file + ".jsonl");
  }

  /** Where the finished records of an input file are. */
  Path output(String id, int file) throws IOException {
    return Files.createDirectories(folder(id).resolve("out")).resolve(file + ".records");
  }

  /** Deletes the copied input, and what is finished unless that is to be kept. */
  void clean(String id, boolean keepFinished) {
    delete(folder(id).resolve("in"));
    if (!keepFinished) {
      delete(folder(id).resolve("out"));
    }
  }

  /** Forgets a job; what ran it may still be about to clean up. */
  void drop(String id) {
    Path dropped = folder(id + ".dropped");
    try {
      Files.move(folder(id), dropped, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", folder(id), e.getClass().getSimpleName());
    }
    delete(dropped);
  }

  /** A job that is forgotten may still be at it itself: what is gone already is no matter. */
  private static void delete(Path path) {
    try {
      Files.walkFileTree(
          path,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
                throws IOException {
              Files.deleteIfExists(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", path, e.getClass().getSimpleName());
    }
  }

  /** After this either all of the file is on disk or the one before it is. */
  private static void replace(Path file, byte[] content) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.warn("the lock of {} cannot be given back", folder);
    }
  }
}
