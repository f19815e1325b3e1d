package dev.outcrop.serving.tls;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 with the certificate of the moment. A thread looks at the two files now and then, as a
 * mounted Secret is swapped without notice; connections that begin after a look get the new pair. A
 * pair that cannot be used is named in the log, and the old one stays.
 *
 * <p>{@link #get} is safe to call from any thread.
 */
public final class Certificates implements Supplier<SSLEngine>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  /** In the order of preference. */
  private static final String[] APPLICATION_PROTOCOLS = {"h2", "http/1.1"};

  private static final long MAX_BYTES = 1 << 20;

  private final Path certificateFile;
  private final Path keyFile;
  private final InstantSource clock;
  private Contents inUse;

  /** What was said of the files as they are now; empty where nothing is wrong with them. */
  private String said = "";

  private volatile Credentials used;
  private volatile SSLContext context;
  private volatile @Nullable Thread watch;

  /** What the two files hold. */
  private record Contents(byte[] certificates, byte[] key) {
    boolean same(Contents other) {
      return Arrays.equals(certificates, other.certificates) && Arrays.equals(key, other.key);
    }
  }

  Certificates(Path certificateFile, Path keyFile, InstantSource clock) {
    this.certificateFile = certificateFile;
    this.keyFile = keyFile;
    this.clock = clock;
    try {
      this.inUse = files();
      this.used = Credentials.read(inUse.certificates, inUse.key, clock.instant());
      this.context = used.context();
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "cannot read http.tls.certificate-file %s or http.tls.key-file %s"
              .formatted(certificateFile, keyFile),
          e);
    } catch (IllegalArgumentException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "http.tls.certificate-file %s with http.tls.key-file %s: %s"
              .formatted(certificateFile, keyFile, e.getMessage()),
          e);
    }
  }

  /**
   * Reads the files and begins to watch them; null where there are none.
   *
   * @throws OutcropException where they cannot be used
   */
  public static @Nullable Certificates open(TlsConfig config) {
    Path certificate = config.certificateFile();
    Path key = config.keyFile();
    if (certificate == null || key == null) {
      return null;
    }
    Certificates certificates = new Certificates(certificate, key, InstantSource.system());
    certificates.watch(config.reload());
    return certificates;
  }

  /** The server's side of a new connection. */
  @Override
  public SSLEngine get() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
    parameters.setUseCipherSuitesOrder(true);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** What new connections begin with. */
  SSLContext context() {
    return context;
  }

  /** Stops watching. */
  @Override
  public void close() {
    Thread thread = watch;
    if (thread != null) {
      thread.interrupt();
    }
  }

  private void watch(Duration pause) {
    watch =
        Thread.ofVirtual()
            .name("outcrop-certificates")
            .start(
                () -> {
                  try {
                    while (true) {
                      Thread.sleep(pause);
                      look();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
  }

  /** Looks once; by one thread at a time. */
  void look() {
    try {
      Contents now = files();
      if (now.same(inUse) && said.isEmpty()) {
        return;
      }
      if (!now.same(files())) {
        // The files are being swapped: the next look finds a pair.
        return;
      }
      Credentials fresh = Credentials.read(now.certificates, now.key, clock.instant());
      context = fresh.context();
      used = fresh;
      inUse = now;
      said = "";
      LOG.info("the new certificate in {} is in use, valid to {}", certificateFile, used.end());
    } catch (IOException e) {
      stays("it cannot be read");
    } catch (IllegalArgumentException e) {
      stays(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // A provider's; the watch goes on, and its message may quote the key.
      stays("it cannot be read: " + e.getClass().getName());
    }
  }

  /** A pair that is not used is tried again at every look: it may only not be valid yet. */
  private void stays(String reason) {
    if (reason.equals(said)) {
      return;
    }
    said = reason;
    LOG.warn(
        "the new certificate in {} with the key in {} is not used: {}; the old one stays, valid to"
            + " {}",
        certificateFile,
        keyFile,
        reason,
        used.end());
  }

  private Contents files() throws IOException {
    return new Contents(read(certificateFile), read(keyFile));
  }

  private static byte[] read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("larger than " + MAX_BYTES + " bytes");
    }
    return Files.readAllBytes(file);
  }
}
