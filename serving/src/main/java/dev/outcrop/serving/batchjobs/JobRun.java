package dev.outcrop.serving.batchjobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.http.Faults;
import dev.outcrop.serving.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one job from where it is to its end: checks and copies the input, runs what is not
 * finished, writes the output. Its own thread reads, one further thread for each record runs it.
 */
final class JobRun {
  private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);
  private static final long LOOK_MILLIS = 100;
  private static final String LOST = "The server could not keep the state of the job.";

  private final Job job;
  private final Halt halt;
  private final JobParts parts;
  private final AtomicReference<@Nullable Exception> fault = new AtomicReference<>();
  private int running;

  JobRun(Job job, Halt halt, JobParts parts) {
    this.job = job;
    this.halt = halt;
    this.parts = parts;
  }

  /** Runs; when this returns the job has ended, or the server is closing. */
  void run() throws InterruptedException {
    try {
      if (job.state().files().isEmpty()) {
        prepare();
      }
      if (job.state().files().isEmpty()) {
        end(halt.reason());
      } else {
        runFiles();
      }
    } catch (OutcropException e) {
      fail(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.warn("job {} failed: {}", job.id(), e.toString());
      fail(LOST);
    } catch (RuntimeException e) {
      Faults.log(LOG, job.id(), e);
      fail("The server met a fault.");
    }
    if (job.state().status().ended()) {
      parts.store().clean(job.id(), job.state().status() == JobStatus.FAILED);
    }
  }

  /** After this the job has files, or a halt came first. */
  private void prepare() throws IOException {
    if (!halt.gone()) {
      at(JobStatus.VALIDATING);
      target();
      List<JobState.InputFile> files = JobInput.copy(job, parts, halt);
      job.update(state -> state.with(files));
    }
  }

  /** Goes on to a status, but for a job that was told to stop. */
  private void at(JobStatus next) throws IOException {
    job.update(state -> state.status() == JobStatus.STOPPING ? state : state.at(next, null, now()));
  }

  private void runFiles() throws IOException, InterruptedException {
    List<FileWork> files = open();
    try {
      Storage.Target target = target();
      process(files, target);
      finish(files, target);
    } finally {
      for (FileWork file : files) {
        file.spool.close();
      }
    }
  }

  private Storage.Target target() {
    return parts.storages().target(job.request().output(), job.owner().tenant(), job.id());
  }

  private List<FileWork> open() throws IOException, InterruptedException {
    List<FileWork> files = new ArrayList<>();
    Progress recovered = Progress.NONE;
    for (JobState.InputFile file : job.state().files()) {
      Spool spool = Spool.open(parts.store().output(job.id(), files.size()), halt);
      recovered = recovered.plus(spool.recovered());
      files.add(new FileWork(files.size(), file, spool));
    }
    Progress found = recovered;
    job.count(progress -> Progress.NONE.withTotal(progress.total()).plus(found));
    return files;
  }

  private void process(List<FileWork> files, Storage.Target target)
      throws IOException, InterruptedException {
    at(JobStatus.IN_PROGRESS);
    try {
      for (FileWork file : files) {
        if (file.left.get() > 0) {
          process(file, target);
        } else if (!file.input.published() && !halt.gone()) {
          publish(file, target);
        }
      }
    } finally {
      awaitRecords();
    }
    switch (fault.get()) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Exception e -> throw new IllegalStateException(e);
    }
  }

  private void process(FileWork file, Storage.Target target)
      throws IOException, InterruptedException {
    try (InputStream in = Files.newInputStream(parts.store().input(job.id(), file.index))) {
      Lines lines = new Lines(in, (int) parts.limits().maxRecord().bytes());
      for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
        if (!file.spool.finished(line.index())) {
          start(file, line, target);
        }
        if (halt.gone()) {
          return;
        }
      }
    }
  }

  /** Starts a record when there is room for it, or not at all where the job is to end. */
  private void start(FileWork file, Lines.Line line, Storage.Target target)
      throws InterruptedException {
    int memory = parts.memory().units(line.bytes());
    while (!parts.memory().permits().tryAcquire(memory, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (halt.gone()) {
        return;
      }
    }
    while (!parts.slots().tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      if (halt.gone()) {
        parts.memory().permits().release(memory);
        return;
      }
    }
    begun();
    Thread.ofVirtual()
        .name("record-" + job.id())
        .start(
            () -> {
              try {
                record(file, line, target);
              } finally {
                parts.slots().release();
                parts.memory().permits().release(memory);
                done();
              }
            });
  }

  private void record(FileWork file, Lines.Line line, Storage.Target target) {
    try {
      RecordResult result = parts.records().run(job, line, halt);
      if (result != null) {
        file.spool.add(line.index(), result);
        job.count(
            progress ->
                progress.plus(result.answered(), result.inputTokens(), result.outputTokens()));
        if (file.left.decrementAndGet() == 0) {
          publish(file, target);
        }
      }
    } catch (IOException | RuntimeException e) {
      fault.compareAndSet(null, e);
      halt.now(Halt.Reason.FAILED);
    } catch (InterruptedException e) {
      // Nobody interrupts these threads; what is not finished runs again.
      halt.now(Halt.Reason.CLOSED);
    }
  }

  private void publish(FileWork file, Storage.Target target)
      throws IOException, InterruptedException {
    file.spool.force();
    try (Storage.Upload upload = target.create(file.input.name() + ".out")) {
      file.spool.copyTo(upload, halt);
      upload.commit();
    }
    job.update(state -> state.published(file.index));
    file.spool.close();
  }

  private void finish(List<FileWork> files, Storage.Target target)
      throws IOException, InterruptedException {
    Halt.Reason reason = halt.reason();
    if (reason == Halt.Reason.CLOSED) {
      return;
    }
    Progress progress = job.state().progress();
    if (reason == null && !whole(progress)) {
      throw new IllegalStateException("a record's thread ended without telling");
    }
    for (FileWork file : files) {
      if (!job.state().files().get(file.index).published()) {
        publish(file, target);
      }
    }
    try (Storage.Upload manifest = target.create("manifest.json.out")) {
      manifest.write(manifest(progress));
      manifest.commit();
    }
    end(reason);
  }

  /** Ends the job, but for one that goes on after the server's next start. */
  private void end(Halt.@Nullable Reason reason) throws IOException {
    if (reason == Halt.Reason.CLOSED) {
      return;
    }
    Progress progress = job.state().progress();
    boolean whole = whole(progress);
    JobStatus status =
        switch (reason) {
          case STOPPED -> whole ? JobStatus.COMPLETED : JobStatus.STOPPED;
          case EXPIRED ->
              whole
                  ? JobStatus.COMPLETED
                  : progress.processed() == 0 ? JobStatus.EXPIRED : JobStatus.PARTIALLY_COMPLETED;
          case null -> JobStatus.COMPLETED;
          case CLOSED, FAILED -> throw new IllegalStateException("not an end: " + reason);
        };
    job.update(state -> state.at(status, null, now()));
  }

  /** Whether every record is done; a job whose input was never copied has none. */
  private static boolean whole(Progress progress) {
    return progress.total() > 0 && progress.processed() == progress.total();
  }

  private byte[] manifest(Progress progress) {
    ObjectNode manifest = Json.object();
    JobView.counts(manifest, progress);
    manifest
        .put("inputTokenCount", progress.inputTokens())
        .put("outputTokenCount", progress.outputTokens());
    return parts.json().bytes(manifest);
  }

  private void fail(String why) {
    try {
      job.update(state -> state.at(JobStatus.FAILED, why, now()));
    } catch (IOException e) {
      LOG.error("the state of job {} cannot be written: {}", job.id(), e.toString());
    }
  }

  private Instant now() {
    return parts.clock().instant();
  }

  private synchronized void begun() {
    running++;
  }

  private synchronized void done() {
    running--;
    notifyAll();
  }

  private synchronized void awaitRecords() throws InterruptedException {
    while (running > 0) {
      wait();
    }
  }

  /** One file of the input while the job runs. */
  private static final class FileWork {
    private final int index;
    private final JobState.InputFile input;
    private final Spool spool;
    private final AtomicInteger left;

    FileWork(int index, JobState.InputFile input, Spool spool) {
      this.index = index;
      this.input = input;
      this.spool = spool;
      this.left = new AtomicInteger(input.records() - (int) spool.recovered().processed());
    }
  }
}
