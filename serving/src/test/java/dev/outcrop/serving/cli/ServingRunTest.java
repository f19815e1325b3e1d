package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.testing.Await;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServingRunTest {
  private static final String KEY = "0123456789abcdef";

  @TempDir private Path folder;

  @Test
  void endsWellAfterADrainThatWasAskedFor() throws Exception {
    int port = freePort();
    Path config =
        Files.writeString(
            folder.resolve("outcrop.yaml"),
            """
            http: {port: 0}
            management: {port: %d, admin-key: %s}
            models: [{id: demo, path: "%s", kv-memory: 64MB}]
            """
                .formatted(port, KEY, Path.of("..", "models", "demo", "model").toAbsolutePath()));
    CompletableFuture<Integer> status =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return ServingRun.of(ConfigFile.read(config));
              } catch (InterruptedException e) {
                throw new CompletionException(e);
              }
            });
    try (HttpClient client = HttpClient.newHttpClient()) {
      Await.until(() -> status.isDone() || answers(client, port));
      assertThat(status).as("the server's end before it was asked for").isNotDone();
      HttpRequest drain =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/drain"))
              .POST(HttpRequest.BodyPublishers.noBody())
              .header("Authorization", "Bearer " + KEY)
              .build();

      assertThat(client.send(drain, BodyHandlers.discarding()).statusCode()).isEqualTo(202);
    }
    assertThat(status.get(1, TimeUnit.MINUTES)).isZero();
  }

  private static boolean answers(HttpClient client, int port) {
    try {
      HttpRequest ready =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz")).build();
      return client.send(ready, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }
}
