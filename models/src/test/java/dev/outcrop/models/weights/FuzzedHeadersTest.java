package dev.outcrop.models.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Headers and indexes with anything in them are refused with an error that names the file, or read;
 * neither takes more memory than the file's size warrants.
 */
class FuzzedHeadersTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What a small file may cost: buffers of the parser, exceptions, code that runs first. */
  private static final long FIXED_BYTES = 512 * 1024;

  /** A node of a JSON tree is some 100 bytes and may stand for 6 in the file. */
  private static final long BYTES_PER_BYTE = 64;

  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    "[[[[[[[[",
    "\"",
    ":",
    ",",
    "\\u0000",
    "\\ud800",
    "-",
    "1e9999",
    "99999999999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "null",
    "true",
    "{}",
    "[]",
    "\"F64\"",
    "\"F4\"",
    "\"BF16\"",
    "\"__metadata__\":",
    "\"shape\":",
    "\"data_offsets\":[0,0]",
    "[4611686018427387904,4]",
    "\u00e9",
    "\ufeff",
    " ",
    "0",
    "NaN"
  };

  @TempDir Path folder;

  @Test
  void givesAnErrorOrTensors() throws IOException {
    headers(3_000, 1);
    indexes(1_000, 2);
  }

  @Test
  @Tag("long")
  void givesAnErrorOrTensorsForTwentyThousandFiles() throws IOException {
    headers(15_000, 3);
    indexes(5_000, 4);
  }

  @Test
  void takesNoMoreMemoryThanLargeHeadersWarrant() throws IOException {
    String empty = "\"%d\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
    StringBuilder many = new StringBuilder("{");
    for (int i = 0; i < 20_000; i++) {
      many.append(i == 0 ? "" : ",").append(empty.formatted(i));
    }
    assertThat(opens(safetensors(many.append('}').toString(), 0), true)).isTrue();
    String unknownField = "{\"a\":{\"x\":[" + "0,".repeat(500_000) + "0]}}";
    assertThat(opens(safetensors(unknownField, 0), true)).isFalse();
    String metadata = "{\"__metadata__\":{\"a\":\"" + "x".repeat(1_000_000) + "\"}}";
    assertThat(opens(safetensors(metadata, 0), true)).isTrue();
    String shape = "{\"a\":{\"shape\":[" + "0,".repeat(500_000) + "0]}}";
    assertThat(opens(safetensors(shape, 0), true)).isFalse();
  }

  private void headers(int rounds, long seed) throws IOException {
    byte[] header =
        """
        {"__metadata__":{"format":"pt"},"model.a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
        "model.b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},
        "model.c":{"dtype":"I64","shape":[],"data_offsets":[32,40]}}\
        """
            .getBytes(StandardCharsets.UTF_8);
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] changed = random.nextInt(8) == 0 ? header : changed(header, random);
      byte[] file = safetensors(new String(changed, StandardCharsets.ISO_8859_1), 40);
      if (random.nextInt(6) == 0) {
        file = java.util.Arrays.copyOf(file, random.nextInt(file.length + 9));
      }
      if (random.nextInt(6) == 0 && file.length >= 8) {
        long length = random.nextLong() >> random.nextInt(64);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
      }
      refused += opens(file, true) ? 0 : 1;
    }
    assertThat(refused).isBetween(rounds / 2, rounds * 99 / 100);
  }

  private void indexes(int rounds, long seed) throws IOException {
    Files.deleteIfExists(folder.resolve("model.safetensors"));
    String shard = "{\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    Files.write(folder.resolve("1.safetensors"), safetensors(shard.formatted("a"), 8));
    Files.write(folder.resolve("2.safetensors"), safetensors(shard.formatted("b"), 8));
    byte[] index =
        "{\"metadata\":{\"total_size\":16},\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}"
            .getBytes(StandardCharsets.UTF_8);
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      refused += opens(random.nextInt(8) == 0 ? index : changed(index, random), false) ? 0 : 1;
    }
    assertThat(refused).isBetween(rounds / 2, rounds * 99 / 100);
    Files.delete(folder.resolve("model.safetensors.index.json"));
  }

  private boolean opens(byte[] bytes, boolean single) throws IOException {
    String name = single ? "model.safetensors" : "model.safetensors.index.json";
    Files.write(folder.resolve(name), bytes);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    boolean opened = true;
    try {
      Checkpoint.open(folder);
    } catch (OutcropException e) {
      opened = false;
      assertThat(e.getMessage()).contains(folder.toString()).hasSizeLessThan(2_000);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(new String(bytes, StandardCharsets.ISO_8859_1), e);
    }
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
        .isLessThan(FIXED_BYTES + BYTES_PER_BYTE * bytes.length);
    return opened;
  }

  /** Flipped bits, stretches cut out, doubled or nested, and pieces of JSON put in. */
  private static byte[] changed(byte[] bytes, Random random) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    for (int change = random.nextInt(3); change >= 0; change--) {
      int at = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), at + random.nextInt(20));
      text =
          switch (random.nextInt(6)) {
            case 0 -> {
              StringBuilder flipped = new StringBuilder(text);
              if (at < text.length()) {
                flipped.setCharAt(at, (char) (text.charAt(at) ^ 1 << random.nextInt(8)));
              }
              yield flipped.toString();
            }
            case 1 -> text.substring(0, at);
            case 2 -> text.substring(0, at) + text.substring(to);
            case 3 -> text.substring(0, to) + text.substring(at);
            case 4 ->
                text.substring(0, at) + "[{\"x\":".repeat(random.nextInt(200)) + text.substring(at);
            default ->
                text.substring(0, at) + PIECES[random.nextInt(PIECES.length)] + text.substring(to);
          };
    }
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] safetensors(String header, int dataBytes) {
    String aligned = header + " ".repeat(Math.floorMod(-header.length(), 8));
    return HostileCheckpointTest.safetensors(
        aligned.getBytes(StandardCharsets.ISO_8859_1), dataBytes);
  }
}
