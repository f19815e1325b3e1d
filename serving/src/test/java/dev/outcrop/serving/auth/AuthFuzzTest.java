package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.PolicyFile;
import dev.outcrop.serving.testing.Signer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is sent, an answer comes, and it is no. */
final class AuthFuzzTest {
  private static final int TRIES = 20_000;
  private static final String SECRET = "a/secret+of-the-tests-0000000000000";
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final String POLICY =
      """
      regions: [us-east-1]
      tenants: [{id: t, weight: 2, quota: {tokens-per-minute: 9}}]
      principals:
        - id: p
          tenant: t
          models: ["*"]
          tier: flex
          api-keys: [{sha256: %s, expires: 2027-01-31T00:00:00Z}]
          access-keys: [{id: AKTEST, secret: %s}]
      """
          .formatted(Signer.sha256("key"), SECRET);

  private final Random random = new Random(7);
  private final Signer signer = new Signer("AKTEST", SECRET);
  private final Principals known =
      Principals.of(PolicyFile.parse("p", bytes(POLICY)), new Quotas(() -> 0));
  private final Authenticator authenticator =
      Authenticator.of(() -> known, InstantSource.fixed(NOW));

  AuthFuzzTest() {
    signer.time = NOW;
  }

  @Test
  void answersEverySignedHead() {
    String lines = signer.lines("POST", "/model/a%3Ab/converse", "localhost", "{}");
    Map<String, String> headers = new HashMap<>(Map.of("host", "localhost"));
    for (String line : lines.split("\r\n")) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    assertThat(lets("/model/a%3Ab/converse", "", headers)).isTrue();
    for (int i = 0; i < TRIES; i++) {
      Map<String, String> mutated = new HashMap<>(headers);
      String name = random.nextInt(4) == 0 ? "x-amz-date" : "authorization";
      mutated.put(name, mutated(headers.get(name)));
      String path =
          random.nextInt(8) == 0 ? mutated("/model/a%3Ab/converse") : "/model/a%3Ab/converse";
      String query = random.nextInt(8) == 0 ? mutated("a=b&c=%20&&=") : "";
      boolean same = mutated.equals(headers) && path.equals("/model/a%3Ab/converse");
      // What differs only in what canonical form ignores is the same request.
      if (!same && !query.isEmpty()) {
        assertThat(lets(path, query, mutated)).isFalse();
      } else {
        lets(path, query, mutated);
      }
    }
  }

  @Test
  void answersEveryKey() {
    String key = signer.shortTermKey(3_600, "CallWithBearerToken", null);
    assertThat(lets("/", "", Map.of("x-api-key", key))).isTrue();
    String url =
        new String(
            Base64.getDecoder().decode(key.substring(ShortTermKeys.PREFIX.length())),
            StandardCharsets.UTF_8);
    for (int i = 0; i < TRIES; i++) {
      lets("/", "", Map.of("x-api-key", mutated(key)));
      String other = ShortTermKeys.PREFIX + Base64.getEncoder().encodeToString(bytes(mutated(url)));
      lets("/", "", Map.of("authorization", "Bearer " + other));
    }
    for (int i = 0; i < TRIES; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      String text = new String(noise, StandardCharsets.ISO_8859_1);
      for (String start :
          List.of("", "Bearer ", "AWS4-HMAC-SHA256 ", "Bearer bedrock-api-key-", "AWS4-")) {
        assertThat(lets("/", "", Map.of("authorization", start + text))).isFalse();
      }
    }
  }

  @Test
  void answersEveryPolicyFile() {
    int read = 0;
    for (int i = 0; i < TRIES; i++) {
      try {
        PolicyFile.parse("p", bytes(mutated(POLICY)));
        read++;
      } catch (OutcropException e) {
        assertThat(e.getMessage()).startsWith("p ").doesNotContain(SECRET);
      }
    }
    assertThat(read).isBetween(100, TRIES - 100);
  }

  private boolean lets(String path, String query, Map<String, String> headers) {
    RequestHead head =
        new RequestHead(
            "POST",
            path,
            query,
            name -> headers.containsKey(name) ? List.of(headers.get(name)) : List.of());
    return switch (authenticator.authenticate(head)) {
      case AuthResult.Allowed _ -> true;
      case AuthResult.Signed(_, _, var check) -> check.check(bytes("{}")) == null;
      case AuthResult.Denied(_, var message) -> {
        assertThat(message).isNotBlank();
        yield false;
      }
    };
  }

  /** A text with a few pieces removed, doubled, swapped or replaced. */
  private String mutated(String text) {
    StringBuilder mutated = new StringBuilder(text);
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      int at = random.nextInt(mutated.length() + 1);
      int end = Math.min(mutated.length(), at + random.nextInt(8));
      switch (random.nextInt(4)) {
        case 0 -> mutated.delete(at, end);
        case 1 -> mutated.insert(at, mutated.substring(at, end));
        case 2 -> mutated.insert(at, "%=;/&?,: \u0000ü\t\n*{}[]\"'".charAt(random.nextInt(20)));
        default -> mutated.replace(at, end, String.valueOf((char) random.nextInt(0x3000)));
      }
    }
    return mutated.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
