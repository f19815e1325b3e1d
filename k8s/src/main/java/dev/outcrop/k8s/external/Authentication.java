package dev.outcrop.k8s.external;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells who asks, by what the cluster says of its kube-apiserver at the moment. A thread asks for
 * that now and then, as clusters change their certificates; while it cannot be learned, what was
 * learned last holds, and before that nobody is known.
 */
final class Authentication implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Authentication.class);
  private static final Duration UNTIL_THE_FIRST = Duration.ofSeconds(5);

  private final DelegatedAuth auth;
  private final Thread asking;
  private final CountDownLatch asked = new CountDownLatch(1);
  private volatile @Nullable RequestHeaders now;
  private String said = "";

  private Authentication(DelegatedAuth auth, Duration pause) {
    this.auth = auth;
    this.asking = Thread.ofVirtual().name("outcrop-request-headers").unstarted(() -> ask(pause));
  }

  /** Begins to ask, and waits a moment for the first answer. */
  static Authentication start(DelegatedAuth auth, Duration pause) {
    Authentication authentication = new Authentication(auth, pause);
    authentication.asking.start();
    try {
      if (!authentication.asked.await(UNTIL_THE_FIRST.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("the cluster takes its time to say how kube-apiserver shows itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return authentication;
  }

  /** Whether anybody can be known. */
  boolean isReady() {
    return now != null;
  }

  Caller caller(List<X509Certificate> chain, Map<String, List<String>> headers) {
    RequestHeaders current = now;
    return current == null
        ? new Caller.Unknown("it is not known yet how kube-apiserver shows itself")
        : current.caller(chain, headers);
  }

  @Override
  public void close() {
    asking.interrupt();
  }

  private void ask(Duration pause) {
    try {
      while (true) {
        learn();
        asked.countDown();
        Thread.sleep(isReady() || pause.compareTo(UNTIL_THE_FIRST) < 0 ? pause : UNTIL_THE_FIRST);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks once. */
  private void learn() {
    try {
      now = RequestHeaders.of(auth.authentication());
      said = "";
    } catch (IOException | RuntimeException e) {
      String reason = String.valueOf(e.getMessage());
      if (!reason.equals(said)) {
        said = reason;
        LOG.warn(
            "ConfigMap kube-system/extension-apiserver-authentication cannot be used: {}; {}",
            reason,
            isReady() ? "what it said before holds" : "all requests are refused");
      }
    }
  }
}
