package dev.outcrop.k8s.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Certificates and private keys in PEM (RFC 7468). What is wrong is an {@link
 * IllegalArgumentException} that says so and quotes nothing.
 */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile(
          "-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
  private static final Pattern ENCRYPTED =
      Pattern.compile("BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED");

  private Pem() {}

  /** The certificates in a file, at least one. */
  static List<X509Certificate> certificates(byte[] pem) {
    List<X509Certificate> all;
    try {
      all =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
    } catch (CertificateException e) {
      throw new IllegalArgumentException("it is not PEM of certificates", e);
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException("it holds no certificate");
    }
    return all;
  }

  /**
   * The private key in a file: PKCS#8, PKCS#1 or SEC 1, not encrypted.
   *
   * @param own the public key of its certificate, which names algorithm and curve
   */
  static PrivateKey key(byte[] file, PublicKey own) {
    String pem = new String(file, StandardCharsets.ISO_8859_1);
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
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IllegalArgumentException(
          "the key file holds no key of the certificate's type, " + own.getAlgorithm(), e);
    }
  }
}
