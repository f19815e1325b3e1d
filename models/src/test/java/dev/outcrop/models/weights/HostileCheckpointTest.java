package dev.outcrop.models.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class HostileCheckpointTest {
  private static final String GOOD = tensor("a", "F32", "[2]", 0, 8);

  @TempDir Path folder;

  static Stream<Arguments> headers() {
    return Stream.of(
        bad("overlap", two(GOOD, tensor("b", "F32", "[2]", 4, 12)), 12, "'b'", "overlaps"),
        bad("hole", two(GOOD, tensor("b", "F32", "[1]", 12, 16)), 16, "'b'", "hole"),
        bad("hole at the start", one(tensor("a", "F32", "[1]", 4, 8)), 8, "'a'", "hole"),
        bad("data after the last tensor", one(GOOD), 9, "1 bytes after"),
        bad("data missing", one(GOOD), 7, "'a'", "truncated"),
        bad("end before begin", one(tensor("a", "F32", "[0]", 8, 0)), 8, "'a'", "[8, 0]"),
        bad("size and shape differ", one(tensor("a", "F32", "[3]", 0, 8)), 8, "'a'", "needs 12"),
        bad("size and dtype differ", one(tensor("a", "F16", "[2]", 0, 8)), 8, "'a'", "needs 4"),
        bad(
            "product overflows",
            one(tensor("a", "F32", "[4294967296,4294967296]", 0, 0)),
            0,
            "'a'",
            "overflowing"),
        bad(
            "product overflows to the right size",
            one(tensor("a", "F32", "[4611686018427387906]", 0, 8)),
            8,
            "'a'",
            "overflowing"),
        bad(
            "overflow hidden by a zero",
            one(tensor("a", "F32", "[0,4294967296,4294967296]", 0, 0)),
            0,
            "'a'",
            "overflowing"),
        bad("negative dimension", one(tensor("a", "F32", "[-2]", 0, 8)), 8, "'a'", "shape"),
        bad("fractional dimension", one(tensor("a", "F32", "[2.0]", 0, 8)), 8, "'a'", "shape"),
        bad(
            "dimension beyond long",
            one(tensor("a", "F32", "[99999999999999999999]", 0, 8)),
            8,
            "'a'",
            "shape"),
        bad("rank", one(tensor("a", "F32", "[1,1,1,1,1,1,1,1,2]", 0, 8)), 8, "'a'", "more than 8"),
        bad("unknown dtype", one(tensor("a", "F33", "[2]", 0, 8)), 8, "'a'", "'F33'"),
        bad("same name twice", two(GOOD, tensor("a", "F32", "[1]", 8, 12)), 12, "'a'"),
        bad(
            "field twice",
            "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}",
            8,
            "dtype"),
        bad("no dtype", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "'a'", "needs dtype"),
        bad(
            "one offset",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]}}",
            8,
            "'a'",
            "data_offsets"),
        bad(
            "three offsets",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
            8,
            "'a'",
            "data_offsets"),
        bad("tensor is a number", "{\"a\":7}", 0, "'a'", "object"),
        bad("metadata is a list", "{\"__metadata__\":[]}", 0, "__metadata__"),
        bad("metadata is deep", "{\"__metadata__\":{\"x\":{}}}", 0, "__metadata__"),
        bad("no object", "[" + GOOD + "]", 8, "does not start with '{'"),
        bad("broken JSON", "{\"a\":", 0, "not valid JSON"),
        bad("text after the object", "{}{}", 0, "after the header"),
        bad("bottomless JSON", "{\"a\":" + "[".repeat(100_000) + "}", 0, "'a'"),
        bad(
            "bottomless unknown field",
            "{\"a\":{\"x\":" + "[".repeat(100_000) + "}}",
            0,
            "nesting depth"),
        bad("misaligned start", one(GOOD) + " ", 8, "'a'", "misaligned"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("headers")
  void namesFileAndTensor(String name, String header, int dataBytes, String[] words)
      throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.write(file, safetensors(header, dataBytes));
    refused(file.getFileName().toString(), words);
  }

  @Test
  void refusesHeaderLengthBeyondTheFile() throws IOException {
    lengthOnly(1_000, 20);
    refused("model.safetensors", "truncated", "1008");
  }

  @Test
  void refusesHeaderLengthBeyondTheLimitBeforeItAllocates() throws IOException {
    lengthOnly(Long.MAX_VALUE, 20);
    refused("model.safetensors", "9223372036854775807");
    lengthOnly(-1, 20);
    refused("model.safetensors", "18446744073709551615");
    lengthOnly(0, 20);
    refused("model.safetensors", "0 bytes");
  }

  @Test
  void refusesFilesTooShortForAnyHeader() throws IOException {
    Files.write(folder.resolve("model.safetensors"), new byte[0]);
    refused("model.safetensors", "too short");
    Files.write(folder.resolve("model.safetensors"), new byte[7]);
    refused("model.safetensors", "too short");
  }

  @Test
  void refusesOtherEncodings() throws IOException {
    byte[] json = "{}".getBytes(StandardCharsets.UTF_16LE);
    Files.write(folder.resolve("model.safetensors"), safetensors(json, 0));
    refused("model.safetensors", "JSON");
    Files.write(
        folder.resolve("model.safetensors"), safetensors(new byte[] {'{', (byte) 0xff, '}'}, 0));
    refused("model.safetensors", "UTF-8");
  }

  @Test
  void refusesFolderInPlaceOfFile() throws IOException {
    Files.createDirectory(folder.resolve("model.safetensors"));
    refused("model.safetensors", "not a regular file");
  }

  @Test
  void saysThatPicklesAreNotRead() throws IOException {
    refused(folder.toString(), "model.safetensors");
    Files.write(folder.resolve("pytorch_model.bin"), new byte[1]);
    refused(folder.toString(), "pickles");
    Files.write(folder.resolve("model.gguf"), new byte[1]);
    refused(folder.toString(), "GGUF");
  }

  static Stream<Arguments> indexes() {
    return Stream.of(
        Arguments.of("parent", "{\"weight_map\":{\"a\":\"../x.safetensors\"}}", "'a'"),
        Arguments.of("absolute", "{\"weight_map\":{\"a\":\"/etc/x.safetensors\"}}", "'a'"),
        Arguments.of("backslash", "{\"weight_map\":{\"a\":\"..\\\\x.safetensors\"}}", "'a'"),
        Arguments.of("folder", "{\"weight_map\":{\"a\":\"sub/x.safetensors\"}}", "'a'"),
        Arguments.of("nul", "{\"weight_map\":{\"a\":\"x\\u0000.safetensors\"}}", "'a'"),
        Arguments.of("other kind", "{\"weight_map\":{\"a\":\"x.bin\"}}", "'a'"),
        Arguments.of("hidden", "{\"weight_map\":{\"a\":\"..safetensors\"}}", "'a'"),
        Arguments.of("long", "{\"weight_map\":{\"a\":\"" + "x".repeat(300) + "\"}}", "'a'"),
        Arguments.of("number", "{\"weight_map\":{\"a\":7}}", "'a'"),
        Arguments.of("missing shard", "{\"weight_map\":{\"a\":\"gone.safetensors\"}}", "'gone."),
        Arguments.of("twice", "{\"weight_map\":{\"a\":\"1.safetensors\",\"a\":\"2\"}}", "'a'"),
        Arguments.of("no map", "{\"metadata\":{}}", "weight_map"),
        Arguments.of("empty map", "{\"weight_map\":{}}", "weight_map"),
        Arguments.of("no object", "[]", "object"),
        Arguments.of(
            "shard without the tensor", "{\"weight_map\":{\"zz\":\"1.safetensors\"}}", "'zz'"),
        Arguments.of(
            "tensor in the other shard",
            "{\"weight_map\":{\"a\":\"2.safetensors\",\"b\":\"1.safetensors\"}}",
            "'a'"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("indexes")
  void namesIndexAndTensor(String name, String json, String word) throws IOException {
    Files.writeString(folder.resolve("model.safetensors.index.json"), json);
    Files.write(folder.resolve("1.safetensors"), safetensors(one(GOOD), 8));
    Files.write(
        folder.resolve("2.safetensors"), safetensors(one(tensor("b", "F32", "[2]", 0, 8)), 8));
    refused("model.safetensors.index.json", word);
  }

  @Test
  void refusesTensorThatTwoShardsHold() throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
    Files.write(folder.resolve("1.safetensors"), safetensors(one(GOOD), 8));
    Files.write(
        folder.resolve("2.safetensors"),
        safetensors(two(GOOD, tensor("b", "F32", "[2]", 8, 16)), 16));
    refused("2.safetensors", "'a'", "1.safetensors");
  }

  private void refused(String file, String... words) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> Checkpoint.open(folder))
        .satisfies(
            e -> {
              assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID);
              assertThat(e).hasMessageContaining(file);
              assertThat(e.getMessage()).contains(words);
              assertThat(e.getMessage()).hasSizeLessThan(1_000);
            });
  }

  private void lengthOnly(long length, int fileBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(fileBytes).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(folder.resolve("model.safetensors"), bytes.putLong(0, length).array());
  }

  private static Arguments bad(String name, String header, int dataBytes, String... words) {
    return Arguments.of(name, header, dataBytes, words);
  }

  private static String tensor(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  private static String one(String tensor) {
    String json = "{" + tensor + "}";
    return json + " ".repeat(Math.floorMod(-json.length(), 8));
  }

  private static String two(String first, String second) {
    return one(first + "," + second);
  }

  private static byte[] safetensors(String header, int dataBytes) {
    return safetensors(header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static byte[] safetensors(byte[] header, int dataBytes) {
    return ByteBuffer.allocate(8 + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }
}
