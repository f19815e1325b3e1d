package dev.outcrop.k8s.tls;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A certificate to be made (X.509, RFC 5280), with a key on the curve P-256.
 *
 * @param subject the common name of who it is for
 * @param authority whether it may sign others
 * @param names DNS names and addresses of a server; none for a client
 * @param from from when it is valid
 * @param life for how long
 */
record NewCertificate(
    String subject, boolean authority, List<String> names, Instant from, Duration life) {
  private static final byte[] ECDSA_SHA256 = object("2a8648ce3d040302");
  private static final byte[] COMMON_NAME = object("550403");
  private static final byte[] ALTERNATIVE_NAMES = object("551d11");
  private static final byte[] BASIC_CONSTRAINTS = object("551d13");
  private static final byte[] KEY_PURPOSES = object("551d25");
  private static final byte[] SERVER = object("2b06010505070301");
  private static final byte[] CLIENT = object("2b06010505070302");
  private static final int DNS_NAME = 0x82;
  private static final int ADDRESS = 0x87;
  private static final byte[] TRUE = {(byte) 0xff};
  private static final byte[] VERSION_3 = {2};
  private static final int SERIAL_BITS = 120;

  /** Makes it, signed with its own key. */
  Credentials selfSigned() {
    KeyPair keys = keys();
    return new Credentials(
        List.of(signed(keys, keys.getPrivate(), name(subject))), keys.getPrivate());
  }

  /** Makes it, signed by another. */
  Credentials signedBy(Credentials issuer) {
    KeyPair keys = keys();
    byte[] name = issuer.chain.getFirst().getSubjectX500Principal().getEncoded();
    return new Credentials(List.of(signed(keys, issuer.key, name)), keys.getPrivate());
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java makes keys on P-256", e);
    }
  }

  private X509Certificate signed(KeyPair keys, PrivateKey signer, byte[] issuer) {
    byte[] algorithm = Der.of(Der.SEQUENCE, ECDSA_SHA256);
    byte[] body =
        Der.of(
            Der.SEQUENCE,
            Der.of(Der.MEMBER, Der.of(Der.INTEGER, VERSION_3)),
            Der.of(Der.INTEGER, new BigInteger(SERIAL_BITS, new SecureRandom()).toByteArray()),
            algorithm,
            issuer,
            Der.of(Der.SEQUENCE, Der.time(from), Der.time(from.plus(life))),
            name(subject),
            keys.getPublic().getEncoded(),
            Der.of(Der.MEMBER + 3, Der.of(Der.SEQUENCE, extensions())));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(signer);
      signature.update(body);
      byte[] bits = Der.of(Der.BIT_STRING, new byte[1], signature.sign());
      byte[] certificate = Der.of(Der.SEQUENCE, body, algorithm, bits);
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(certificate));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java signs with ECDSA", e);
    }
  }

  private byte[][] extensions() {
    List<byte[]> all = new ArrayList<>();
    if (authority) {
      all.add(extension(BASIC_CONSTRAINTS, Der.of(Der.SEQUENCE, Der.of(Der.BOOLEAN, TRUE))));
    } else {
      all.add(extension(KEY_PURPOSES, Der.of(Der.SEQUENCE, names.isEmpty() ? CLIENT : SERVER)));
    }
    if (!names.isEmpty()) {
      byte[][] each = names.stream().map(NewCertificate::alternativeName).toArray(byte[][]::new);
      all.add(extension(ALTERNATIVE_NAMES, Der.of(Der.SEQUENCE, each)));
    }
    return all.toArray(byte[][]::new);
  }

  private static byte[] extension(byte[] type, byte[] value) {
    return Der.of(Der.SEQUENCE, type, Der.of(Der.OCTET_STRING, value));
  }

  private static byte[] alternativeName(String name) {
    try {
      return Der.of(ADDRESS, InetAddress.ofLiteral(name).getAddress());
    } catch (IllegalArgumentException e) {
      return Der.of(DNS_NAME, Der.ascii(name));
    }
  }

  private static byte[] name(String common) {
    byte[] value = Der.of(Der.UTF8, Der.ascii(common));
    return Der.of(Der.SEQUENCE, Der.of(Der.SET, Der.of(Der.SEQUENCE, COMMON_NAME, value)));
  }

  private static byte[] object(String hex) {
    return Der.of(Der.OBJECT, HexFormat.of().parseHex(hex));
  }
}
