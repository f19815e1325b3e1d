package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.config.TlsConfig;
import dev.outcrop.serving.testing.TestCertificate;
import dev.outcrop.serving.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("takes over stdout and stderr")
final class ProbeTest {
  private static final String KEY = "ock-a-key-of-a-test";

  @TempDir private Path folder;

  private record Run(int status, String out, String err) {}

  private static Run run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
    try {
      int status = Main.execute(arguments);
      return new Run(
          status,
          said.toString(StandardCharsets.UTF_8),
          complaints.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private static Run probe(TestServer server, String ask, String... more) {
    String[] arguments = {
      "probe", server.endpoint().toString(), "--model", TestServer.MODEL, "--ask", ask
    };
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return run(all);
  }

  private TestServer guarded() throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.UTF_8));
    Path keys =
        Files.writeString(folder.resolve("keys"), HexFormat.of().formatHex(hash) + " tester\n");
    return new TestServer(
        request -> "never shown", config -> config.withAuth(new AuthConfig(keys)));
  }

  @Test
  void asksWithAKeyAndTellsNothingOfTheAnswer() throws Exception {
    Path key = Files.writeString(folder.resolve("key"), KEY + "\n");
    try (TestServer server = guarded()) {
      for (String ask : new String[] {"converse", "stream"}) {
        Run run = probe(server, ask, "--key-file", key.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        assertThat(run.out()).contains(TestServer.MODEL, " tokens").doesNotContain("never shown");
      }
    }
  }

  @Test
  void wantsARefusalWhereNoKeyIsShown() throws Exception {
    try (TestServer server = guarded()) {
      assertThat(probe(server, "refused").status()).isZero();
      Run run = probe(server, "converse");
      assertThat(run.status()).isEqualTo(1);
      assertThat(run.err()).contains("status 403, not 200");
    }
    try (TestServer open = new TestServer(request -> "ok")) {
      assertThat(probe(open, "refused").err()).contains("status 200, not 403");
    }
  }

  @Test
  void readsWhetherTheModelIsUpFromTheMetrics() {
    try (TestServer server = new TestServer(request -> "ok")) {
      String url = server.management("/").toString();

      Run run = run("probe", url, "--model", TestServer.MODEL, "--ask", "metrics");
      assertThat(run.err()).isEmpty();
      assertThat(run.out()).contains("ready, with ");
      assertThat(run("probe", url, "--model", "other", "--ask", "metrics").err())
          .contains("know no such model");
    }
  }

  @Test
  void tellsOfAStreamThatIsRefusedAndOfNoServer() throws Exception {
    try (TestServer server = guarded()) {
      assertThat(probe(server, "stream").err()).contains("the server answered 403");
    }
    assertThat(run("probe", "http://127.0.0.1:1", "--model", "m").err())
        .contains("m at http://127.0.0.1:1: cannot connect");
  }

  @Test
  void triesAgainUntilSomebodyListens() throws Exception {
    int port;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    String url = "http://127.0.0.1:" + port;
    ErrorStream complaints = new ErrorStream();
    PrintStream err = System.err;
    System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
    try (var executor = Executors.newSingleThreadExecutor()) {
      Future<Integer> status =
          executor.submit(
              () ->
                  Main.execute(
                      new String[] {"probe", url, "--model", TestServer.MODEL, "--wait", "60"}));
      assertThat(complaints.said.await(60, TimeUnit.SECONDS)).isTrue();
      try (TestServer _ =
          new TestServer(
              request -> "ok", config -> config.withHttp(config.http().withPort(port)))) {
        assertThat(status.get(60, TimeUnit.SECONDS)).isZero();
      }
    } finally {
      System.setErr(err);
    }
    assertThat(complaints.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce(
            "outcrop: %s at %s: cannot connect yet, trying for 60 s%n"
                .formatted(TestServer.MODEL, url));
  }

  /** Tells when the first line was written. */
  private static final class ErrorStream extends ByteArrayOutputStream {
    private final CountDownLatch said = new CountDownLatch(1);

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      said.countDown();
    }
  }

  @Test
  void waitsForNoServerThatStopsInTheMiddleOfItsAnswer() throws Exception {
    for (String head : List.of("", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")) {
      try (ServerSocket stalling = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
        Thread.ofVirtual().start(() -> answer(stalling, head));
        String url = "http://127.0.0.1:" + stalling.getLocalPort();
        for (String ask : List.of("stream", "converse")) {
          Run run = run("probe", url, "--model", "m", "--ask", ask, "--timeout", "1");

          assertThat(run.status()).isEqualTo(1);
          assertThat(run.err()).contains("m at " + url + ": no whole answer within 1 s");
        }
      }
    }
  }

  private static void answer(ServerSocket server, String head) {
    List<Socket> open = new ArrayList<>();
    try {
      while (true) {
        Socket socket = server.accept();
        open.add(socket);
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      // the test is over
    }
  }

  @Test
  void refusesAnAddressThatIsNoUrlOfAServer() {
    for (String url : List.of("llama:80", "llama", "ftp://llama")) {
      Run run = run("probe", url, "--model", "m");

      assertThat(run.status()).isEqualTo(2);
      assertThat(run.err())
          .contains("'" + url + "' is not of the form http://HOST:PORT")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void trustsTheCertificateThatIsAtHandAndNoOther() throws Exception {
    TestCertificate certificate = new TestCertificate();
    certificate.write(folder);
    Path other = Files.createDirectory(folder.resolve("other"));
    new TestCertificate().write(other);
    try (TestServer server =
        new TestServer(
            request -> "ok",
            TestServer.http(
                settings ->
                    settings.tls =
                        new TlsConfig(
                            folder.resolve("tls.crt"),
                            folder.resolve("tls.key"),
                            Duration.ofHours(1))))) {
      String mine = folder.resolve("tls.crt").toString();
      String theirs = other.resolve("tls.crt").toString();

      assertThat(probe(server, "converse", "--certificate-file", mine).status()).isZero();
      assertThat(probe(server, "stream", "--certificate-file", mine).status()).isZero();
      assertThat(probe(server, "converse", "--certificate-file", theirs).err())
          .contains("the server shows another certificate");
    }
  }
}
