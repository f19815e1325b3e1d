package dev.outcrop.serving.auth;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.PolicyFile;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Those whom a file names, read again whenever its content changes, however that comes about: an
 * edit, a rename, or the swap of a link as Kubernetes updates a Secret. It is taken when it has
 * stayed the same for a while: half of a file that is being written may well be valid, and grant
 * more than all of it. A file that is wrong changes nothing. So is the file that tells how many
 * replicas share the quotas. One thread of its own reads them; anybody may ask.
 */
public final class Reloading implements Supplier<Principals>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reloading.class);
  private static final int MAX_BYTES = 4 << 20;
  private static final byte[] NOTHING = new byte[0];
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Path file;
  private final Function<byte[], Principals> reader;
  private final ReloadListener listener;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("auth-reload").factory());
  private byte[] lastHash = NOTHING;

  /** What the last look saw. */
  private byte[] seenHash = NOTHING;

  private String lastTrouble = "";
  private volatile Principals current;
  private final Quotas quotas;
  private final @Nullable LiveReplicas replicas;

  private Reloading(
      Path file,
      Function<byte[], Principals> reader,
      Quotas quotas,
      @Nullable Path replicasFile,
      ReloadListener listener) {
    this.file = file;
    this.reader = reader;
    this.quotas = quotas;
    this.listener = listener;
    this.replicas = replicasFile == null ? null : new LiveReplicas(replicasFile);
    share();
    byte[] content = content();
    this.current = reader.apply(content);
    this.lastHash = Hashes.sha256(content);
  }

  /**
   * Reads the file that a configuration names; null where it names none.
   *
   * @param nanoTime a clock like {@link System#nanoTime}, for quotas
   * @throws OutcropException where the file is wrong
   */
  public static @Nullable Reloading of(
      AuthConfig config, LongSupplier nanoTime, ReloadListener listener) {
    Path keyFile = config.keyFile();
    Path policyFile = config.policyFile();
    Quotas quotas = new Quotas(nanoTime);
    if (keyFile != null) {
      return new Reloading(
          keyFile,
          content -> KeyFile.parse(keyFile.toString(), content).principals(),
          quotas,
          config.replicasFile(),
          listener);
    }
    if (policyFile != null) {
      return new Reloading(
          policyFile,
          content -> Principals.of(PolicyFile.parse(policyFile.toString(), content), quotas),
          quotas,
          config.replicasFile(),
          listener);
    }
    return null;
  }

  /** Looks at the file again and again, until closed. */
  public void begin() {
    thread.scheduleWithFixedDelay(
        this::look, EVERY.toMillis(), EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public Principals get() {
    return current;
  }

  /** Takes the files if they have changed since, and have not changed since the last look. */
  void look() {
    if (replicas != null && replicas.look()) {
      share();
    }
    lookAtFile();
  }

  private void share() {
    int count = replicas == null ? 1 : replicas.count();
    quotas.sharedBy(count);
    listener.shared(count);
  }

  private void lookAtFile() {
    byte[] before = seenHash;
    seenHash = NOTHING;
    try {
      byte[] content = content();
      byte[] hash = Hashes.sha256(content);
      seenHash = hash;
      if (Arrays.equals(hash, lastHash) || !Arrays.equals(hash, before)) {
        return;
      }
      lastHash = hash;
      current = reader.apply(content);
      lastTrouble = "";
      LOG.info("{} has changed and is in force", file);
      listener.reloaded(true);
    } catch (OutcropException e) {
      trouble(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // Its message may quote the file.
      trouble("it cannot be read: " + e.getClass().getName());
    }
  }

  private void trouble(String what) {
    if (!what.equals(lastTrouble)) {
      lastTrouble = what;
      LOG.error("{} is not taken, what was in force before stays so: {}", file, what);
      listener.reloaded(false);
    }
  }

  private byte[] content() {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(MAX_BYTES + 1);
      if (content.length > MAX_BYTES) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID, file + " is larger than " + MAX_BYTES + " bytes");
      }
      return content;
    } catch (IOException e) {
      lastHash = NOTHING; // when it is back it counts as changed
      throw new OutcropException(ServingError.CONFIG_INVALID, "cannot read " + file, e);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
