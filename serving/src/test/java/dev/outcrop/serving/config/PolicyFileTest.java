package dev.outcrop.serving.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PolicyFileTest {
  private static final String HASH = "ab".repeat(32);
  private static final String SECRET = "zebra-secret-0123456789";

  private static PolicyConfig parse(String text) {
    return PolicyFile.parse("p", text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsEveryKey() {
    PolicyConfig policy =
        parse(
            """
            regions: [us-east-1]
            tenants:
              - id: t
                weight: 3
                quota: {requests-per-minute: 1, tokens-per-minute: 2, concurrent-requests: 3}
            principals:
              - id: p
                tenant: t
                models: ["*", b]
                tier: flex
                quota: {requests-per-minute: 4}
                api-keys: [{sha256: HASH, expires: 2027-01-31T00:00:00Z}]
                access-keys: [{id: AKID, secret: SECRET, session-token-sha256: HASH, expires: 2027-01-31T00:00:00Z}]
            """
                .replace("HASH", HASH)
                .replace("SECRET", SECRET));

    Instant end = Instant.parse("2027-01-31T00:00:00Z");
    assertThat(policy)
        .isEqualTo(
            new PolicyConfig(
                List.of("us-east-1"),
                List.of(new PolicyConfig.TenantConfig("t", 3, new QuotaConfig(1, 2, 3))),
                List.of(
                    new PolicyConfig.PrincipalConfig(
                        "p",
                        "t",
                        List.of("*", "b"),
                        Tier.FLEX,
                        new QuotaConfig(4, 0, 0),
                        List.of(new PolicyConfig.ApiKeyConfig(HASH, end)),
                        List.of(
                            new PolicyConfig.AccessKeyConfig(
                                "AKID", new Secret(SECRET), HASH, end))))));
    assertThat(policy.toString()).doesNotContain(SECRET).doesNotContain("[sha256=" + HASH);
  }

  @Test
  void allowsNothingThatIsNotSaid() {
    PolicyConfig.PrincipalConfig principal =
        parse("{tenants: [{id: t}], principals: [{id: p, tenant: t}]}").principals().getFirst();

    assertThat(principal.models()).isEmpty();
    assertThat(principal.tier()).isEqualTo(Tier.DEFAULT);
    assertThat(principal.apiKeys()).isEmpty();
    assertThat(principal.accessKeys()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                        | p names no principal
          {tenants: [{id: t}]}                      | p names no principal
          {principals: [{id: p, tenant: t}]}        | p line 1: principals has p of a tenant that is not in tenants
          {tenants: [{id: t}, {id: t}]}             | p line 1: tenants must not have t twice
          {tenants: [{id: t}], principals: [{id: p, tenant: t}, {id: p, tenant: t}]} | p line 1: principals must not have p twice
          {tenants: [{weight: 1}]}                  | p line 1: tenants[0].id is required
          {tenants: [{id: t, weight: 0}]}           | p line 1: tenants[0].weight must be between 1 and 1000
          {tenants: [{id: a b}]}                    | p line 1: tenants[0].id must match
          {tenants: [{id: t, qouta: {}}]}           | p line 1: a key is not known; did you mean quota?
          {tenants: [{id: t, "zebra is not a known key; did you mean x?": 1}]} | p line 1: a key is not known; did you mean
          {zebra: 1, zebra: 2}                      | p line 1: a key is there twice
          {regions: *zebra}                         | p line 1: an alias is not supported
          {tenants: [{id: t, quota: {tokens-per-minute: -1}}]} | p line 1: tenants[0].quota.tokens-per-minute must be between
          {principals: [{id: p}]}                   | p line 1: principals[0].tenant is required
          {principals: [{id: p, tenant: t, tier: gold}]} | p line 1: principals[0].tier must be one of [reserved, priority, default, flex]
          {principals: [{id: p, tenant: t, models: ['']}]} | p line 1: principals[0].models must not hold an empty text
          {principals: [{id: p, tenant: t, api-keys: [{sha256: zebra}]}]} | p line 1: principals[0].api-keys[0].sha256 must be the SHA-256 of a key in hex
          {principals: [{id: p, tenant: t, api-keys: [{sha256: HASH, expires: zebra}]}]} | p line 1: principals[0].api-keys[0].expires must be a time such as
          {principals: [{id: p, tenant: t, access-keys: [{id: AKID, secret: zebra}]}]} | p line 1: principals[0].access-keys[0].secret must have between 16 and 1024 characters
          {principals: [{id: p, tenant: t, access-keys: [{id: AKID}]}]} | p line 1: principals[0].access-keys[0].secret is required
          {principals: [{id: p, tenant: t, access-keys: [{id: a/b, secret: zebra-0123456789}]}]} | p line 1: principals[0].access-keys[0].id must match
          {principals: [{id: p, tenant: t, access-keys: [{id: AKID, secret: [zebra]}]}]} | p line 1: principals[0].access-keys[0].secret must be a single value
          {principals: [{id: p, tenant: t, access-keys: [{id: AKID, secret: "zebra}]}]} | p line 1: not valid YAML
          {principals: [{id: p, tenant: t, access-keys: [{id: AKID, secret: zebra: zebra}]}]} | p line 1: not valid YAML
          """)
  void namesLineKeyAndReasonButNoValueOfASecret(String text, String message) {
    assertThatThrownBy(() -> parse(text.replace("HASH", HASH)))
        .isInstanceOf(OutcropException.class)
        .hasMessageStartingWith(message)
        .hasMessageNotContaining("zebra")
        .hasNoCause();
  }

  @Test
  void refusesAKeyThatTwoHave() {
    String both = "{id: a, tenant: t, KEYS}, {id: b, tenant: t, KEYS}";
    for (String keys :
        List.of(
            "api-keys: [{sha256: " + HASH + "}]",
            "access-keys: [{id: AKID, secret: " + SECRET + "}]")) {
      assertThatThrownBy(
              () -> parse("{tenants: [{id: t}], principals: [" + both.replace("KEYS", keys) + "]}"))
          .hasMessageContaining("principals must not share");
    }
  }

  @Test
  void refusesWhatIsNotUtf8() {
    assertThatThrownBy(() -> PolicyFile.parse("p", new byte[] {(byte) 0xff, (byte) 0xfe}))
        .isInstanceOf(OutcropException.class)
        .hasMessage("p is not UTF-8");
  }

  @Test
  void readsTheExampleOfTheReadme() throws IOException {
    Matcher yaml =
        Pattern.compile("```yaml\n(regions:.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("..", "README.md")));

    assertThat(yaml.find()).isTrue();
    assertThat(parse(yaml.group(1)).principals().getFirst().models()).hasSize(2);
  }
}
