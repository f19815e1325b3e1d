package dev.outcrop.serving.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates from PEM files: every form that is in use, and files that change. */
final class CertificatesTest {
  private static final TestCertificate FIRST = new TestCertificate();
  private static final Instant NEVER = Instant.now().plus(Duration.ofDays(1));

  private final Logger logger = Logger.getLogger(Certificates.class.getName());
  private final List<String> log = new ArrayList<>();
  private final Handler capture = new Capture();
  @TempDir private Path folder;

  @BeforeEach
  void listen() throws IOException {
    logger.setLevel(Level.INFO); // whatever another test has set above it
    logger.addHandler(capture);
    FIRST.write(folder);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(capture);
    logger.setLevel(null);
  }

  private Certificates open() {
    return open(InstantSource.system());
  }

  private Certificates open(InstantSource clock) {
    return new Certificates(folder.resolve("tls.crt"), folder.resolve("tls.key"), clock);
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA", "Ed25519"})
  void readsKeysInTheirEnvelope(String algorithm) throws IOException {
    new TestCertificate(algorithm, NEVER).write(folder);

    assertThat(open().get().getUseClientMode()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA"})
  void readsBareKeysAsCertManagerWritesThem(String algorithm) throws IOException {
    TestCertificate pair = new TestCertificate(algorithm, NEVER);
    pair.write(folder);
    String parameters =
        algorithm.equals("EC") ? TestCertificate.pem("EC PARAMETERS", new byte[] {6, 0}) : "";
    Files.writeString(folder.resolve("tls.key"), parameters + pair.bareKeyPem());

    assertThat(pair.bareKeyPem()).startsWith("-----BEGIN " + algorithm + " PRIVATE KEY");
    assertThat(open().get().getUseClientMode()).isFalse();
  }

  @Test
  void readsTheKeyAfterAnEncryptedOne() throws IOException {
    String encrypted = FIRST.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE");
    Files.writeString(folder.resolve("tls.key"), encrypted + FIRST.keyPem());

    assertThat(open().get().getUseClientMode()).isFalse();
  }

  static Stream<Arguments> bad() {
    String key = FIRST.keyPem();
    String certificate = FIRST.certificatePem();
    TestCertificate rsa = new TestCertificate("RSA", NEVER);
    TestCertificate over = new TestCertificate("EC", Instant.parse("2020-01-02T00:00:00Z"));
    TestCertificate early = new TestCertificate("EC", Instant.parse("2999-01-02T00:00:00Z"));
    return Stream.of(
        Arguments.of("", key, "the certificate file holds no certificate"),
        Arguments.of("nonsense", key, "the certificate file is not PEM of certificates"),
        Arguments.of(certificate, "", "the key file holds no private key in PEM"),
        Arguments.of(certificate, certificate, "the key file holds no private key in PEM"),
        Arguments.of(
            certificate,
            key.substring(0, key.indexOf("-----END")),
            "the key file holds no private key in PEM"),
        Arguments.of(
            certificate,
            key.replaceFirst("\nM", "\n*M"),
            "the key file holds no private key in PEM"),
        Arguments.of(
            certificate,
            new TestCertificate().keyPem(),
            "the key does not belong to the certificate"),
        Arguments.of(
            certificate, rsa.keyPem(), "the key file holds no key of the certificate's type, EC"),
        Arguments.of(
            certificate,
            rsa.bareKeyPem(),
            "the key file holds no key of the certificate's type, EC"),
        Arguments.of(
            rsa.certificatePem(), key, "the key file holds no key of the certificate's type, RSA"),
        Arguments.of(
            certificate,
            TestCertificate.pem("PRIVATE KEY", new byte[9]),
            "the key file holds no key of"),
        Arguments.of(
            certificate, key.replace("PRIVATE", "ENCRYPTED PRIVATE"), "the key is encrypted"),
        Arguments.of(
            certificate,
            key.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n"),
            "the key is encrypted"),
        Arguments.of(
            over.certificatePem(), over.keyPem(), "the certificate ended on 2020-01-02T00:00:00Z"),
        Arguments.of(
            early.certificatePem(),
            early.keyPem(),
            "the certificate begins on 2999-01-01T00:00:00Z"));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void refusesBadPairAtTheStart(String certificate, String key, String why) throws IOException {
    write(certificate, key);

    assertThatThrownBy(this::open)
        .isInstanceOf(OutcropException.class)
        .hasMessageStartingWith("http.tls.certificate-file " + folder)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void keepsOldPairAndSaysWhyOnce(String certificate, String key, String why) throws IOException {
    Certificates certificates = open();
    var context = certificates.context();
    write(certificate, key);

    certificates.look();
    certificates.look();

    assertThat(certificates.context()).isSameAs(context);
    assertThat(log).hasSize(1);
    assertThat(log.getFirst())
        .contains("is not used: " + why)
        .contains("the old one stays, valid to " + FIRST.certificate.getNotAfter().toInstant());
  }

  @Test
  void takesNewPairWhenItBegins() throws IOException {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
    Certificates certificates = open(now::get);
    var context = certificates.context();
    new TestCertificate("EC", Instant.parse("2999-01-02T00:00:00Z")).write(folder);
    certificates.look();
    assertThat(log).hasSize(1);

    now.set(Instant.parse("2999-01-01T12:00:00Z"));
    certificates.look();

    assertThat(certificates.context()).isNotSameAs(context);
    assertThat(log).hasSize(2);
    assertThat(log.getLast()).contains("is in use");
  }

  @Test
  void goesOnLookingAfterAFault() throws IOException {
    AtomicReference<InstantSource> clock = new AtomicReference<>(InstantSource.system());
    Certificates certificates = open(() -> clock.get().instant());
    var context = certificates.context();
    new TestCertificate().write(folder);
    clock.set(
        () -> {
          throw new IllegalStateException("a secret of the key file");
        });

    certificates.look();

    assertThat(certificates.context()).isSameAs(context);
    assertThat(log).hasSize(1);
    assertThat(log.getFirst())
        .contains("is not used: it cannot be read: java.lang.IllegalStateException")
        .doesNotContain("a secret of");

    clock.set(InstantSource.system());
    certificates.look();
    assertThat(log.getLast()).contains("is in use");
  }

  @Test
  void takesNewPairWhenItIsWhole() throws IOException {
    Certificates certificates = open();
    var context = certificates.context();
    TestCertificate next = new TestCertificate();
    next.write(folder);

    certificates.look();

    assertThat(certificates.context()).isNotSameAs(context);
    assertThat(log).hasSize(1);
    assertThat(log.getFirst()).contains("the new certificate in").contains("is in use");
  }

  @ParameterizedTest
  @CsvSource({"tls.crt", "tls.key"})
  void keepsOldPairWhileAFileIsMissing(String name) throws IOException {
    Certificates certificates = open();
    var context = certificates.context();
    Files.delete(folder.resolve(name));

    certificates.look();
    certificates.look();

    assertThat(certificates.context()).isSameAs(context);
    assertThat(log).hasSize(1);
    assertThat(log.getFirst()).contains("it cannot be read");

    FIRST.write(folder);
    certificates.look();
    assertThat(log.getLast()).contains("is in use");
  }

  @Test
  void saysNothingWhileNothingChanges() throws IOException {
    Certificates certificates = open();
    FIRST.write(folder);

    certificates.look();

    assertThat(log).isEmpty();
  }

  @Test
  void namesFilesThatAreMissingAtTheStart() {
    assertThatThrownBy(
            () ->
                new Certificates(
                    folder.resolve("none"), folder.resolve("tls.key"), InstantSource.system()))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("cannot read http.tls.certificate-file " + folder.resolve("none"));
  }

  @Test
  void showsNoKey() {
    byte[] key = FIRST.keyPem().getBytes(StandardCharsets.UTF_8);
    Credentials credentials =
        Credentials.read(
            FIRST.certificatePem().getBytes(StandardCharsets.UTF_8), key, Instant.now());

    assertThat(credentials.toString()).doesNotContain("S=", "PRIVATE");
  }

  private void write(String certificate, String key) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), certificate);
    Files.writeString(folder.resolve("tls.key"), key);
  }

  private final class Capture extends Handler {
    @Override
    public void publish(LogRecord entry) {
      log.add(new java.util.logging.SimpleFormatter().formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
