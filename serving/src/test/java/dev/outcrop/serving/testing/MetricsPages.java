package dev.outcrop.serving.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/** The metrics page of a server's management port. */
public final class MetricsPages {
  private static final Pattern REQUESTS =
      Pattern.compile("^outcrop_requests_total\\{[^}]*} (.*)$", Pattern.MULTILINE);

  private MetricsPages() {}

  /** The page of the moment. */
  public static String now(int port) {
    return now(port, "text/plain");
  }

  /** The page of the moment in the format that a header asks for. */
  public static String now(int port, String accept) {
    try {
      URLConnection connection =
          URI.create("http://127.0.0.1:%d/metrics".formatted(port)).toURL().openConnection();
      connection.setRequestProperty("Accept", accept);
      try (var in = connection.getInputStream()) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The page, once so many requests are on it: a request is counted when its answer has gone, so
   * its client may look before.
   */
  public static String after(int port, int requests) throws InterruptedException {
    AtomicReference<String> page = new AtomicReference<>("");
    Await.until(
        () -> {
          page.set(now(port));
          return counted(page.get()) >= requests;
        });
    return page.get();
  }

  private static double counted(String page) {
    return REQUESTS
        .matcher(page)
        .results()
        .mapToDouble(line -> Double.parseDouble(line.group(1)))
        .sum();
  }
}
