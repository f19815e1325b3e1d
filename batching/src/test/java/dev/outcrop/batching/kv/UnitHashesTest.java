package dev.outcrop.batching.kv;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against hashes that an earlier form of the code, with its rounds written out, gave. */
class UnitHashesTest {
  private final UnitHashes hashes = new UnitHashes(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

  @ParameterizedTest
  @CsvSource({
    "'', 6c011291aaae80d3",
    "a, 7ea220d3fbd0ee19",
    "tenant, b933d4cc301125ef",
    "tenants, 47bf11849d70b1f4"
  })
  void hashesAScopeAsEver(String name, String hash) {
    assertThat(hashes.scope(name)).isEqualTo(Long.parseUnsignedLong(hash, 16));
  }

  @Test
  void chainsUnitsOfAnyLengthAsEver() {
    assertThat(chain(5))
        .containsExactly(
            0xfc9ae9d69e0ab6bcL,
            0xe7af330fbe18ae41L,
            0xbfe32a93745241d2L,
            0x92836ede544bcd18L,
            0x6dbf480109049b51L,
            0xcc06651eacfd2487L);
    assertThat(chain(4))
        .containsExactly(
            0xfe733eb649a3a3afL,
            0x9da95f435fd54847L,
            0xb8dab211ead4ff74L,
            0x49721f9f25085f46L,
            0x97ab09352caa0696L,
            0xe8931cc2ae28aed4L);
    assertThat(chain(1))
        .containsExactly(
            0x6b866a077c0eac41L,
            0x63d8822987927339L,
            0x1d3d33cd64399772L,
            0xc29298553ab3ab20L,
            0xf8ebce5cf56f0ae2L,
            0x7bf7a66614ef01bbL);
  }

  @Test
  void goesOnWhereAnEarlierCallEnded() {
    int[] tokens = tokens();
    long[] inTwo = new long[UnitHashes.longs(3)];

    hashes.extend(-42, tokens, 5, 0, 1, inTwo);
    hashes.extend(-42, tokens, 5, 1, 3, inTwo);

    assertThat(inTwo).isEqualTo(chain(5));
  }

  /** The hashes of three units. */
  private long[] chain(int unitTokens) {
    long[] into = new long[UnitHashes.longs(3)];
    hashes.extend(-42, tokens(), unitTokens, 0, 3, into);
    return into;
  }

  private static int[] tokens() {
    int[] tokens = new int[15];
    Arrays.setAll(tokens, i -> i * 0x9E3779B9);
    return tokens;
  }
}
