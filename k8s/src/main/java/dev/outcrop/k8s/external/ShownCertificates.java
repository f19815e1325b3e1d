package dev.outcrop.k8s.external;

import dev.outcrop.k8s.tls.ClientsOnly;
import java.net.Socket;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;

/** Takes note of clients' certificates and judges none: {@link RequestHeaders} does. */
final class ShownCertificates extends ClientsOnly {
  private static final X509Certificate[] ANY = {};

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return ANY;
  }
}
