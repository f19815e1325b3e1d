package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyFileTest {
  private static final String HASH = "ab".repeat(32);

  @Test
  void findsCallerByHashOnly() {
    KeyFile keys = KeyFile.single("secret", "me");

    assertThat(caller(keys, Hashes.sha256("secret"))).isEqualTo(new Caller.Tenant("me", 1));
    assertThat(caller(keys, Hashes.sha256("other"))).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HASH                | keys line 2: must be: SHA256-HEX TENANT [WEIGHT [TIER]]
          HASH a 1 flex x     | keys line 2: must be: SHA256-HEX TENANT [WEIGHT [TIER]]
          HASH a 1 gold       | keys line 2: the tier must be one of [reserved, priority, default, flex]
          xyz a               | keys line 2: the first word must be the SHA-256 of a key in hex
          abcd a              | keys line 2: the first word must be the SHA-256 of a key in hex, 64 digits
          HASH a/b            | keys line 2: the tenant must match
          HASH a 0            | keys line 2: the weight must be an integer between 1 and 1000
          HASH a x            | keys line 2: the weight must be an integer between 1 and 1000
          # nothing           | keys: holds no key
          """)
  void namesLineAndReason(String line, String message) {
    assertThatThrownBy(() -> KeyFile.parse("keys", List.of("", line.replace("HASH", HASH))))
        .isInstanceOf(OutcropException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void namesBothLinesOfAHashThatIsThereTwice() {
    assertThatThrownBy(
            () ->
                KeyFile.parse(
                    "keys",
                    List.of(
                        HASH + " team-a 1", "# x", HASH.toUpperCase(Locale.ROOT) + " team-b 9")))
        .isInstanceOf(OutcropException.class)
        .hasMessage("keys line 3: the hash is that of line 1 again");
  }

  @Test
  void readsWeightAndTierWhereTheyAreThere() {
    KeyFile keys =
        KeyFile.parse(
            "keys",
            List.of("aa".repeat(32) + " a", "bb".repeat(32) + " b 3", HASH + " c 2 reserved # c"));

    assertThat(caller(keys, HexFormat.of().parseHex("aa".repeat(32))))
        .isEqualTo(new Caller.Tenant("a", 1, Tier.DEFAULT));
    assertThat(caller(keys, HexFormat.of().parseHex("bb".repeat(32))))
        .isEqualTo(new Caller.Tenant("b", 3, Tier.DEFAULT));
    assertThat(caller(keys, HexFormat.of().parseHex(HASH)))
        .isEqualTo(new Caller.Tenant("c", 2, Tier.RESERVED));
  }

  @Test
  void readsOneKeyInTheClear(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("key"), " 0123456789abcdef\n");

    assertThat(caller(KeyFile.readSingle(file, 16, "me"), Hashes.sha256("0123456789abcdef")))
        .isEqualTo(new Caller.Tenant("me", 1));
    assertThatThrownBy(() -> KeyFile.readSingle(file, 17, "me"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("at least 17 characters")
        .hasMessageNotContaining("0123456789abcdef");
    Files.writeString(file, "0123456789abcdef\n0123456789abcdef\n");
    assertThatThrownBy(() -> KeyFile.readSingle(file, 16, "me"))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("one line");
  }

  private static Caller caller(KeyFile keys, byte[] sha256) {
    ApiKey key = keys.principals().apiKey(sha256);
    return key == null ? null : key.caller;
  }

  @Test
  void doesNotShowHashes() {
    assertThatThrownBy(() -> KeyFile.parse("keys", List.of(HASH + " a/b")))
        .message()
        .doesNotContain(HASH);
  }
}
