package dev.outcrop.k8s.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.k8s.tls.TestAuthority.Issued;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server's certificate: the forms it is mounted in, and files that change. */
final class ServerIdentityTest {
  private static final Duration NEVER = Duration.ofHours(1);
  private static final TestAuthority AUTHORITY = new TestAuthority("ca");
  private static final Issued FIRST = AUTHORITY.server();

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    FIRST.write(folder);
  }

  private ServerIdentity open() {
    return ServerIdentity.open(folder.resolve("tls.crt"), folder.resolve("tls.key"), NEVER);
  }

  private static String alias(ServerIdentity identity) {
    return identity.chooseEngineServerAlias("EC", null, null);
  }

  @Test
  void showsItsPairForItsTypeOnly() {
    try (ServerIdentity identity = open()) {
      assertThat(identity.getCertificateChain(alias(identity)))
          .containsExactly(FIRST.certificate());
      assertThat(identity.getPrivateKey(alias(identity))).isEqualTo(FIRST.key());
      assertThat(identity.chooseEngineServerAlias("RSA", null, null)).isNull();
      assertThat(identity.chooseClientAlias(new String[] {"EC"}, null, null)).isNull();
    }
  }

  /** cert-manager and Helm write keys without the envelope of PKCS#8. */
  @Test
  void readsBareKeys() throws IOException {
    Files.writeString(folder.resolve("tls.key"), bareKeyPem(FIRST));

    try (ServerIdentity identity = open()) {
      assertThat(identity.getPrivateKey(alias(identity))).isEqualTo(FIRST.key());
    }
  }

  private static String bareKeyPem(Issued issued) throws IOException {
    byte[] bare =
        PrivateKeyInfo.getInstance(issued.key().getEncoded())
            .parsePrivateKey()
            .toASN1Primitive()
            .getEncoded();
    return TestAuthority.pem("EC PRIVATE KEY", bare);
  }

  @Test
  void handshakeThatBeganBeforeAChangeEndsWithTheOldPair() throws IOException {
    try (ServerIdentity identity = open()) {
      String begun = alias(identity);
      Issued next = AUTHORITY.server().write(folder);

      identity.look();

      assertThat(alias(identity)).isNotEqualTo(begun);
      assertThat(identity.getPrivateKey(begun)).isEqualTo(FIRST.key());
      assertThat(identity.getPrivateKey(alias(identity))).isEqualTo(next.key());
      assertThat(identity.getCertificateChain(alias(identity))).containsExactly(next.certificate());
    }
  }

  static Stream<Arguments> bad() throws Exception {
    String certificate = FIRST.certificatePem();
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(2_048);
    String rsaKey =
        TestAuthority.pem("PRIVATE KEY", rsa.generateKeyPair().getPrivate().getEncoded());
    Issued over = AUTHORITY.formerClient("over");
    return Stream.of(
        Arguments.of("", FIRST.keyPem(), "it holds no certificate"),
        Arguments.of("nonsense", FIRST.keyPem(), "it is not PEM of certificates"),
        Arguments.of(certificate, "", "the key file holds no private key in PEM"),
        Arguments.of(
            certificate,
            FIRST.keyPem().replace("-----END", "-----"),
            "the key file holds no private key in PEM"),
        Arguments.of(
            certificate, AUTHORITY.server().keyPem(), "the key does not belong to the certificate"),
        Arguments.of(
            certificate, rsaKey, "the key file holds no key of the certificate's type, EC"),
        Arguments.of(
            certificate,
            FIRST.keyPem().replace("PRIVATE", "ENCRYPTED PRIVATE"),
            "the key is encrypted"),
        Arguments.of(over.certificatePem(), over.keyPem(), "the certificate ended on"));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void refusesBadPairAtTheStart(String certificate, String key, String why) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), certificate);
    Files.writeString(folder.resolve("tls.key"), key);

    assertThatThrownBy(this::open)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.resolve("tls.crt").toString())
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void keepsOldPairWhileTheNewIsBad(String certificate, String key, String why) throws IOException {
    try (ServerIdentity identity = open()) {
      Files.writeString(folder.resolve("tls.crt"), certificate);
      Files.writeString(folder.resolve("tls.key"), key);
      identity.look();
      assertThat(identity.getPrivateKey(alias(identity))).isEqualTo(FIRST.key());

      Issued next = AUTHORITY.server().write(folder);
      identity.look();
      assertThat(identity.getPrivateKey(alias(identity))).isEqualTo(next.key());
    }
  }

  @Test
  void namesFilesThatAreMissing() throws IOException {
    Files.delete(folder.resolve("tls.key"));

    assertThatThrownBy(this::open).hasMessageContaining(folder.resolve("tls.key").toString());
  }

  @Test
  void makesItsOwnCertificateForNamesAndAddresses() throws Exception {
    try (ServerIdentity identity = ServerIdentity.selfSigned(List.of("signals", "10.0.0.7"))) {
      var certificate = identity.getCertificateChain(alias(identity))[0];

      certificate.verify(certificate.getPublicKey());
      assertThat(certificate.getSubjectAlternativeNames())
          .extracting(List::toString)
          .containsExactly("[2, signals]", "[7, 10.0.0.7]");
      assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
      assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    }
  }
}
