package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.PolicyFile;
import dev.outcrop.serving.testing.Signer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Quotas over changes of the policy. */
final class QuotasTest {
  private final Quotas quotas = new Quotas(() -> 0);

  private Allowance of(String principal, String quota, String key) {
    String policy =
        """
        tenants: [{id: t, quota: {tokens-per-minute: 1000}}]
        principals:
          - {id: other, tenant: t, api-keys: [{sha256: %s}]}
          - {id: %s, tenant: t, quota: {%s}, api-keys: [{sha256: %s}]}
        """
            .formatted(Signer.sha256("other"), principal, quota, Signer.sha256("key"));
    Principals known =
        Principals.of(PolicyFile.parse("p", policy.getBytes(StandardCharsets.UTF_8)), quotas);
    return known.apiKey(Hashes.sha256(key)).caller.allowance();
  }

  private static boolean grants(Allowance allowance, long tokens) {
    return allowance.tokens(tokens) instanceof Allowance.Answer.Granted;
  }

  @Test
  void aNewPolicyForgivesNothing() {
    assertThat(grants(of("p", "tokens-per-minute: 100", "key"), 80)).isTrue();
    assertThat(grants(of("p", "tokens-per-minute: 100", "key"), 30)).isFalse();
    assertThat(grants(of("p", "tokens-per-minute: 120", "key"), 41)).isFalse();
    assertThat(grants(of("p", "tokens-per-minute: 120", "key"), 40)).isTrue();
  }

  @Test
  void whatOneTakesIsTakenOfItsTenant() {
    assertThat(grants(of("p", "", "key"), 900)).isTrue();
    assertThat(grants(of("p", "", "other"), 200)).isFalse();
    assertThat(grants(of("p", "", "other"), 100)).isTrue();
  }

  @Test
  void sharesThatAreOutSurviveTheEndOfTheirPrincipal() {
    Allowance before = of("p", "concurrent-requests: 1", "key");
    Allowance.Answer in = before.request();
    Allowance after = of("q", "concurrent-requests: 1", "key");

    assertThat(after.request()).isInstanceOf(Allowance.Answer.Granted.class);
    assertThat(before.request()).isInstanceOf(Allowance.Answer.Throttled.class);
    switch (in) {
      case Allowance.Answer.Granted(var share) -> share.close();
      case Allowance.Answer.Throttled _ -> throw new AssertionError();
    }
    assertThat(before.request()).isInstanceOf(Allowance.Answer.Granted.class);
  }
}
