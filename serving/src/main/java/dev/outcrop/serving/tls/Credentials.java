package dev.outcrop.serving.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate chain with its private key, read from PEM (RFC 7468). Keys may be PKCS#8, PKCS#1 or
 * SEC 1, RSA, elliptic curve or Ed25519, not encrypted. What is wrong is an {@link
 * IllegalArgumentException} that says so and quotes nothing.
 */
final class Credentials {
  private static final Pattern KEY =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
  private static final Pattern ENCRYPTED =
      Pattern.compile("BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED");

  private final List<X509Certificate> chain;
  private final PrivateKey key;

  private Credentials(List<X509Certificate> chain, PrivateKey key) {
    this.chain = chain;
    this.key = key;
  }

  /** Reads a pair and checks that it belongs together and is valid at a moment. */
  static Credentials read(byte[] certificates, byte[] key, Instant now) {
    List<X509Certificate> chain = chain(certificates);
    X509Certificate own = chain.getFirst();
    try {
      own.checkValidity(Date.from(now));
    } catch (CertificateExpiredException e) {
      throw new IllegalArgumentException(
          "the certificate ended on " + own.getNotAfter().toInstant(), e);
    } catch (CertificateNotYetValidException e) {
      throw new IllegalArgumentException(
          "the certificate begins on " + own.getNotBefore().toInstant(), e);
    }
    PrivateKey secret = key(new String(key, StandardCharsets.ISO_8859_1), own.getPublicKey());
    if (!belongTogether(own.getPublicKey(), secret)) {
      throw new IllegalArgumentException("the key does not belong to the certificate");
    }
    return new Credentials(chain, secret);
  }

  /** Until when the certificate is valid. */
  Instant end() {
    return chain.getFirst().getNotAfter().toInstant();
  }

  /** What servers that use it start TLS with. */
  SSLContext context() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("own", key, new char[0], chain.toArray(X509Certificate[]::new));
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("the pair cannot be used", e);
    }
  }

  private static List<X509Certificate> chain(byte[] pem) {
    List<X509Certificate> chain;
    try {
      chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
    } catch (CertificateException e) {
      throw new IllegalArgumentException("the certificate file is not PEM of certificates", e);
    }
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("the certificate file holds no certificate");
    }
    return chain;
  }

  private static PrivateKey key(String pem, PublicKey own) {
    Matcher block = KEY.matcher(pem);
    if (!block.find()) {
      throw new IllegalArgumentException(
          ENCRYPTED.matcher(pem).find()
              ? "the key is encrypted, which is not supported"
              : "the key file holds no private key in PEM");
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(block.group(2));
      byte[] pkcs8 = block.group(1).equals("PRIVATE KEY") ? der : Der.pkcs8(der, own.getEncoded());
      return KeyFactory.getInstance(own.getAlgorithm())
          .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the key file holds no key of the certificate's type, " + own.getAlgorithm(), e);
    }
  }

  private static boolean belongTogether(PublicKey own, PrivateKey secret) {
    String algorithm =
        switch (own.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA" -> "EdDSA";
          default ->
              throw new IllegalArgumentException(
                  "a certificate of the type %s is not supported; take RSA, EC or Ed25519"
                      .formatted(own.getAlgorithm()));
        };
    byte[] text = {1, 2, 3};
    try {
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(secret);
      signer.update(text);
      byte[] signature = signer.sign();
      signer.initVerify(own);
      signer.update(text);
      return signer.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
