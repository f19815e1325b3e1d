package dev.outcrop.serving.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.Breaker;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Event streams with wrong bytes: a client notices every one, and never waits for what is not. */
final class FuzzedEventStreamTest {
  private static final String TEXT = "0123456789";

  @Test
  void noticesEveryChange() throws Exception {
    run(1_000, 1);
  }

  @Test
  @Tag("long")
  void noticesFiftyThousandChanges() throws Exception {
    run(50_000, System.nanoTime());
  }

  private static void run(int rounds, long seed) throws Exception {
    System.out.println("event streams are drawn from the seed " + seed);
    byte[] right = stream();
    SplittableRandom random = new SplittableRandom(seed);
    Breaker breaker = new Breaker(random);
    try (Answers answers = new Answers();
        ConverseStreamClient client = new ConverseStreamClient(answers.uri(), "demo", null)) {
      assertThat(text(client, answers, right)).isEqualTo(TEXT);
      int refused = 0;
      for (int round = 0; round < rounds; round++) {
        byte[] wrong = breaker.bytes(right);
        String text = null;
        try {
          text = text(client, answers, wrong);
        } catch (IOException e) {
          refused++;
        }
        // What follows a whole answer is nobody's concern.
        assertThat(text == null || text.equals(TEXT)).as("round %d", round).isTrue();
      }
      assertThat(refused).isGreaterThan(rounds * 9 / 10);
    }
  }

  private static String text(ConverseStreamClient client, Answers answers, byte[] body)
      throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    answers.next.add(body);
    client.ask(
        "hi",
        10,
        new ConverseStreamClient.Listener() {
          @Override
          public void delta(String more) {
            text.append(more);
          }

          @Override
          public void ended(int outputTokens) {}
        });
    return text.toString();
  }

  private static byte[] stream() throws IOException {
    try (TestServer server = new TestServer(request -> TEXT)) {
      return RawHttp.post(
              server.server.port(),
              "/model/demo/converse-stream",
              "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}")
          .body();
    }
  }

  /** Answers every request with the next body. */
  private static final class Answers implements AutoCloseable {
    private final BlockingQueue<byte[]> next = new LinkedBlockingQueue<>();
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    Answers() throws IOException {
      Thread.ofVirtual().start(this::accept);
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    private void accept() {
      try {
        while (true) {
          Socket socket = server.accept();
          Thread.ofVirtual().start(() -> answer(socket));
        }
      } catch (IOException e) {
        // closed
      }
    }

    private void answer(Socket socket) {
      try (socket) {
        InputStream in = new BufferedInputStream(socket.getInputStream());
        while (request(in)) {
          byte[] body = next.take();
          String head = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n".formatted(body.length);
          ByteArrayOutputStream answer = new ByteArrayOutputStream();
          answer.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
          answer.writeBytes(body);
          socket.getOutputStream().write(answer.toByteArray());
        }
      } catch (IOException e) {
        // The client hung up.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Reads a request with a body; false where there is none. */
    private static boolean request(InputStream in) throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          return false;
        }
        head.append((char) next);
      }
      String length = head.toString().replaceAll("(?is).*content-length: (\\d+).*", "$1");
      in.readNBytes(Integer.parseInt(length));
      return true;
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
