package dev.outcrop.bench.http;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Tenants with a key each, so that what is counted by tenant is counted for many. */
final class Tenants {
  private static final int OK = 200;

  private final int count;

  Tenants(int count) {
    this.count = count;
  }

  /** The key of a tenant. */
  String key(int tenant) {
    return "bench-key-" + tenant;
  }

  /** Writes the file of their keys. */
  Path write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int tenant = 0; tenant < count; tenant++) {
      lines.add("%s tenant-%d".formatted(hash(key(tenant)), tenant));
    }
    return Files.write(file, lines);
  }

  private static String hash(String key) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Every tenant makes one request of two tokens. */
  void callOnce(URI endpoint, String model) throws IOException {
    byte[] body =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"1\"}]}],\"inferenceConfig\":{\"maxTokens\":2}}"
            .getBytes(StandardCharsets.UTF_8);
    URI uri = endpoint.resolve("/model/%s/converse".formatted(model));
    for (int tenant = 0; tenant < count; tenant++) {
      if (!(uri.toURL().openConnection() instanceof HttpURLConnection connection)) {
        throw new IllegalStateException("an HTTP URL has an HTTP connection");
      }
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      connection.setRequestProperty("Authorization", "Bearer " + key(tenant));
      try (var out = connection.getOutputStream()) {
        out.write(body);
      }
      if (connection.getResponseCode() != OK) {
        throw new IOException("a tenant was answered " + connection.getResponseCode());
      }
      try (var in = connection.getInputStream()) {
        in.readAllBytes();
      }
    }
  }
}
