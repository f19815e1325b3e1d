package dev.outcrop.serving.testing;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** A certificate for localhost that signed itself, made anew each time (X.509, RFC 5280). */
public final class TestCertificate {
  private static final byte[] COMMON_NAME = {0x06, 3, 0x55, 4, 3};
  private static final byte[] ALT_NAME = {0x06, 3, 0x55, 0x1d, 0x11};
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

  public final KeyPair keys;
  public final X509Certificate certificate;

  /** A valid one on an elliptic curve. */
  public TestCertificate() {
    this("EC", Instant.now().plus(Duration.ofDays(1)));
  }

  /**
   * One that is valid for a day.
   *
   * @param algorithm EC, RSA or Ed25519
   */
  public TestCertificate(String algorithm, Instant end) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (!algorithm.equals("Ed25519")) {
        generator.initialize(algorithm.equals("RSA") ? 2_048 : 256);
      }
      keys = generator.generateKeyPair();
      byte[] bytes = signed(algorithm, end);
      certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes tls.crt and tls.key to a folder, as a Secret is mounted. */
  public void write(Path folder) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), certificatePem());
    Files.writeString(folder.resolve("tls.key"), keyPem());
  }

  /** The certificate in PEM. */
  public String certificatePem() {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The key in PEM, as PKCS#8. */
  public String keyPem() {
    return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
  }

  /** The key in PEM without the envelope of PKCS#8, whose last member it is. */
  public String bareKeyPem() {
    byte[] pkcs8 = keys.getPrivate().getEncoded();
    int at = 0;
    while (!(pkcs8[at] == 0x04 && endsAtTheEnd(pkcs8, at))) {
      at++;
    }
    String label = keys.getPrivate().getAlgorithm() + " PRIVATE KEY";
    return pem(label, Arrays.copyOfRange(pkcs8, at + header(pkcs8, at), pkcs8.length));
  }

  /** Bytes as a PEM block. */
  public static String pem(String label, byte[] bytes) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, Base64.getMimeEncoder().encodeToString(bytes), label);
  }

  /** What clients that trust nothing else start TLS with. */
  public SSLContext trusting() {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry("server", certificate);
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What clients that look only at what they are shown start TLS with. */
  public static SSLContext trustingAll() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Trusting()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** A connection to a port of this machine that offers protocols. */
  public SSLSocket connect(int port, String... protocols) throws IOException {
    Socket plain = new Socket("127.0.0.1", port);
    plain.setTcpNoDelay(true);
    SSLSocket socket =
        (SSLSocket) trusting().getSocketFactory().createSocket(plain, "localhost", port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(protocols);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private byte[] signed(String algorithm, Instant end) throws GeneralSecurityException {
    String hex =
        switch (algorithm) {
          case "EC" -> "06082a8648ce3d040302";
          case "RSA" -> "06092a864886f70d01010b0500";
          default -> "06032b6570";
        };
    String name =
        switch (algorithm) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> "Ed25519";
        };
    byte[] signing = element(0x30, HexFormat.of().parseHex(hex));
    byte[] subject =
        element(0x30, element(0x31, element(0x30, COMMON_NAME, element(0x0c, bytes("localhost")))));
    byte[] names =
        element(0x30, element(0x82, bytes("localhost")), element(0x87, new byte[] {127, 0, 0, 1}));
    byte[] body =
        element(
            0x30,
            element(0xa0, element(0x02, new byte[] {2})),
            element(0x02, BigInteger.valueOf(System.nanoTime()).toByteArray()),
            signing,
            subject,
            element(0x30, time(end.minus(Duration.ofDays(1))), time(end)),
            subject,
            keys.getPublic().getEncoded(),
            element(0xa3, element(0x30, element(0x30, ALT_NAME, element(0x04, names)))));
    Signature signature = Signature.getInstance(name);
    signature.initSign(keys.getPrivate());
    signature.update(body);
    return element(0x30, body, signing, element(0x03, new byte[1], signature.sign()));
  }

  private static byte[] time(Instant instant) {
    return element(0x18, bytes(TIME.format(instant.atOffset(ZoneOffset.UTC))));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] element(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(content::writeBytes);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.size() < 128) {
      out.write(content.size());
    } else {
      out.write(0x82);
      out.write(content.size() >> 8);
      out.write(content.size());
    }
    out.writeBytes(content.toByteArray());
    return out.toByteArray();
  }

  private static int header(byte[] der, int at) {
    return (der[at + 1] & 0xff) < 128 ? 2 : 2 + (der[at + 1] & 0x7f);
  }

  private static boolean endsAtTheEnd(byte[] der, int at) {
    if (at + 4 >= der.length) {
      return false;
    }
    int length =
        switch (der[at + 1] & 0xff) {
          case 0x81 -> der[at + 2] & 0xff;
          case 0x82 -> (der[at + 2] & 0xff) << 8 | der[at + 3] & 0xff;
          default -> der[at + 1] & 0xff;
        };
    return at + header(der, at) + length == der.length;
  }
}
