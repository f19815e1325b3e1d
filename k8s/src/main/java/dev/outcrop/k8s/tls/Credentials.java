package dev.outcrop.k8s.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;

/** A certificate chain with its private key; not a record, whose text would show the key. */
final class Credentials {
  final List<X509Certificate> chain;
  final PrivateKey key;

  Credentials(List<X509Certificate> chain, PrivateKey key) {
    this.chain = chain;
    this.key = key;
  }

  /**
   * Reads a pair and checks that it belongs together and is valid at a moment.
   *
   * @throws IllegalArgumentException that says what is wrong with it
   */
  static Credentials read(byte[] certificates, byte[] key, Instant now) {
    List<X509Certificate> chain = Pem.certificates(certificates);
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
    PrivateKey secret = Pem.key(key, own.getPublicKey());
    if (!belongTogether(own.getPublicKey(), secret)) {
      throw new IllegalArgumentException("the key does not belong to the certificate");
    }
    return new Credentials(chain, secret);
  }

  /** The type of the key, as TLS names it. */
  String type() {
    return chain.getFirst().getPublicKey().getAlgorithm();
  }

  /** Until when the certificate is valid. */
  Instant end() {
    return chain.getFirst().getNotAfter().toInstant();
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
