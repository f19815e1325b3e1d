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
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointTest {
  private static final String HEADER =
      """
      {"__metadata__":{"format":"pt"},
      "full":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},
      "empty":{"dtype":"F32","shape":[0,4],"data_offsets":[8,8]},
      "brain":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},
      "half":{"dtype":"F16","shape":[2],"data_offsets":[12,16]},
      "scalar":{"dtype":"F32","shape":[],"data_offsets":[16,20],"later":{"field":[1]}},
      "quantised":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[20,24]},
      "model.layers.0.self_attn.rotary_emb.inv_freq":\
      {"dtype":"F32","shape":[1],"data_offsets":[24,28]}}
      """;

  @TempDir Path folder;

  @Test
  void readsEveryTypeTheEngineSupports() throws IOException {
    Checkpoint checkpoint = single();

    assertThat(Checkpoint.read(checkpoint.require("full", 1, 2))).containsExactly(1.5f, -2);
    assertThat(Checkpoint.read(checkpoint.require("brain", 2))).containsExactly(1, -0.5f);
    assertThat(Checkpoint.read(checkpoint.require("half", 2))).containsExactly(1, -0.5f);
    assertThat(Checkpoint.read(checkpoint.require("scalar"))).containsExactly(3);
    assertThat(Checkpoint.read(checkpoint.require("empty", 0, 4))).isEmpty();
  }

  @Test
  void givesAbsoluteOffsets() throws IOException {
    Path file = folder.resolve("model.safetensors");
    StoredTensor tensor = single().require("half", 2);

    assertThat(tensor)
        .isEqualTo(
            new StoredTensor("half", file, DType.F16, List.of(2L), Files.size(file) - 28 + 12, 4));
  }

  @Test
  void namesTensorFoundAndWantedShape() throws IOException {
    Checkpoint checkpoint = single();

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> checkpoint.require("full", 2, 1))
        .withMessageContainingAll("model.safetensors", "'full'", "[1, 2]", "[2, 1]");
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> checkpoint.require("gone", 1))
        .withMessageContainingAll("model.safetensors", "'gone'", "missing");
  }

  @Test
  void refusesUnsupportedTypeOnlyWhenItIsUsed() throws IOException {
    Checkpoint checkpoint = single();

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> checkpoint.require("quantised", 4))
        .withMessageContainingAll("'quantised'", "F8_E4M3", "BF16")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_UNSUPPORTED));
  }

  @Test
  void refusesOtherTypesWhereBytesAreWanted() throws IOException {
    Checkpoint checkpoint = single();

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> checkpoint.requireBytes("quantised", 4))
        .withMessageContainingAll("model.safetensors", "'quantised'", "F8_E4M3", "U8")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.CHECKPOINT_INVALID));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> checkpoint.requireBytes("gone", 4))
        .withMessageContainingAll("model.safetensors", "'gone'", "missing");
  }

  @Test
  void listsTensorsThatNobodyUsedButNotRotaryBuffers() throws IOException {
    assertThat(single().unexpected(Set.of("full", "brain", "half", "scalar")))
        .containsExactly("empty", "quantised");
  }

  @Test
  void readsShardsThroughTheIndexAndFollowsLinks() throws IOException {
    Path cache = Files.createDirectory(folder.resolve("cache"));
    Files.write(cache.resolve("blob"), shard("a", 1));
    Files.createSymbolicLink(folder.resolve("1.safetensors"), cache.resolve("blob"));
    Files.write(folder.resolve("2.safetensors"), shard("b", 2));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        """
        {"metadata":{"total_size":8},"weight_map":{"b":"2.safetensors","a":"1.safetensors"}}
        """);
    Checkpoint checkpoint = Checkpoint.open(folder);

    assertThat(Checkpoint.read(checkpoint.require("a", 1))).containsExactly(1);
    assertThat(Checkpoint.read(checkpoint.require("b", 1))).containsExactly(2);
    assertThat(checkpoint.bytes()).isEqualTo(8);
    assertThat(checkpoint.files()).hasSize(2);
  }

  private Checkpoint single() throws IOException {
    String json = HEADER + " ".repeat(Math.floorMod(-HEADER.length(), 8));
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.wrap(HostileCheckpointTest.safetensors(header, 28));
    file.order(ByteOrder.LITTLE_ENDIAN).position(8 + header.length);
    file.putFloat(1.5f).putFloat(-2).putShort((short) 0x3f80).putShort((short) 0xbf00);
    file.putShort((short) 0x3c00).putShort((short) 0xb800).putFloat(3);
    Files.write(folder.resolve("model.safetensors"), file.array());
    return Checkpoint.open(folder);
  }

  private static byte[] shard(String name, float value) {
    String header =
        "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".formatted(name);
    header += " ".repeat(Math.floorMod(-header.length(), 8));
    ByteBuffer file =
        ByteBuffer.wrap(
            HostileCheckpointTest.safetensors(header.getBytes(StandardCharsets.UTF_8), 4));
    return file.order(ByteOrder.LITTLE_ENDIAN).putFloat(8 + header.length(), value).array();
  }
}
