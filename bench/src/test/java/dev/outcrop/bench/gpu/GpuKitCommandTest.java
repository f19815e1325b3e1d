package dev.outcrop.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.loading.ComputeType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a kit holds. Whether it runs is MeasureScriptTest's. */
class GpuKitCommandTest {
  /** K and V of a token: 2 layers, 2 heads of 16 dimensions, 4 bytes each. */
  private static final long KV = 2 * 2 * 2 * 16 * 4;

  /** What may be carried to a machine with a GPU. */
  private static final long MOST_BYTES = 64L << 20;

  @TempDir private Path folder;

  @Test
  void namesItsFilesAndWhatStepsCost() throws Exception {
    Kits.standIn(folder, "llama");

    JsonNode kit = Kits.read(folder);
    assertThat(kit.path("kit").intValue()).isEqualTo(KitFiles.VERSION);
    assertThat(kit.path("device").textValue()).isEqualTo("cpu");
    assertThat(kit.at("/shape/kvHeads").intValue()).isEqualTo(2);
    assertThat(kit.path("files").properties())
        .extracting(java.util.Map.Entry::getKey)
        .contains(
            "model.pt",
            "checks/llama/config.json",
            "checks/llama/model.safetensors",
            "checks/llama/program.pt",
            "checks/llama/expected.f32");
    for (var file : kit.path("files").properties()) {
      byte[] content = Files.readAllBytes(folder.resolve(file.getKey()));
      byte[] hash = java.security.MessageDigest.getInstance("SHA-256").digest(content);
      assertThat(file.getValue().textValue()).isEqualTo(HexFormat.of().formatHex(hash));
    }
    assertThat(cases(kit))
        .extracting(each -> each.path("case").textValue())
        .containsExactly("decode-1", "decode-4", "prefill-64", "shared-4", "unshared-4");
    // Linear layers, head and norms of the shape, and the KV of what each row sees.
    long weights = 4 * (2 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 3 * 64 * 128) + 256 * 64 + 5 * 64);
    assertThat(bytes(kit, "decode-1")).isEqualTo(weights + 48 * KV);
    assertThat(bytes(kit, "decode-4")).isEqualTo(weights + 4 * 48 * KV);
    assertThat(bytes(kit, "shared-4")).isEqualTo(weights + (64 + 4 * 32) * KV);
    assertThat(bytes(kit, "unshared-4")).isEqualTo(weights + 4 * 96 * KV);
  }

  @Test
  void namesFilesOfCheckpointsAsTheKitHasThem() throws IOException {
    Kits.standIn(folder, "mistral");

    JsonNode load = Kits.read(folder).at("/checks/0/load");
    List<String> mapped =
        StreamSupport.stream(load.spliterator(), false)
            .filter(call -> call.get(0).textValue().equals("map_file"))
            .map(call -> call.get(1).textValue())
            .distinct()
            .toList();
    assertThat(mapped)
        .containsExactly(
            "checks/mistral/model-00001-of-00003.safetensors",
            "checks/mistral/model-00002-of-00003.safetensors",
            "checks/mistral/model-00003-of-00003.safetensors");
  }

  /** Rows that share the prefix read it in one sequence of the kernel; others share nothing. */
  @Test
  void sharesThePrefixInTheStepToo() throws IOException {
    Kits.standIn(folder);

    JsonNode kit = Kits.read(folder);
    JsonNode shared = one(kit, "shared-4").at("/step/2"); // its layout, led by the length
    assertThat(shared.get(2).intValue()).as("pieces").isEqualTo(2);
    assertThat(shared.get(5).intValue()).as("sequences").isEqualTo(1 + 4);
    JsonNode alone = one(kit, "unshared-4").at("/step/2");
    assertThat(alone.get(2).intValue()).as("pieces").isEqualTo(1);
    assertThat(alone.get(5).intValue()).as("sequences").isEqualTo(4);
    assertThat(one(kit, "shared-4").path("fill")).hasSize(2);
    assertThat(one(kit, "unshared-4").path("fill")).hasSize(4);
  }

  @Test
  void canBeCarriedAtEightBillion() throws IOException {
    Kits.write(folder);

    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum())
          .isLessThan(MOST_BYTES);
    }
    JsonNode kit = Kits.read(folder);
    assertThat(kit.path("device").textValue()).isEqualTo("cuda:0");
    assertThat(one(kit, "decode-64").path("bytes").doubleValue())
        .isBetween(23e9, 24e9); // 15.0 GB of weights, 8.6 GB of KV
    assertThat(one(kit, "prefill-4096").path("flops").doubleValue()).isBetween(55e12, 65e12);
    try (ZipFile archive = new ZipFile(folder.resolve("model.pt").toFile());
        InputStream text = archive.getInputStream(archive.getEntry("program/code/__torch__.py"))) {
      assertThat(new String(text.readAllBytes(), StandardCharsets.UTF_8))
          .contains("= torch._flash_attention_forward(")
          .contains("torch.device(\"cuda:0\")");
    }
  }

  @Test
  void readsFewerBytesInFourBitsAndTheHeadWhole() throws IOException {
    Kits.write(folder, "--quantization=int4", "--batch=1");

    long head = 128_256L * 4_096 * 2;
    assertThat(one(Kits.read(folder), "decode-1").path("bytes").doubleValue())
        .isBetween(head + 4e9, head + 5e9);
  }

  @Test
  void refusesACheckpointThatNoGpuRuns() {
    Path gemma = Path.of("../models/src/test/resources/checkpoints/gemma2");

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> KitCheck.of(gemma, folder, ComputeType.BFLOAT16, false))
        .withMessage("cuda:0: not supported on a GPU: scores with a soft cap");
  }

  private static List<JsonNode> cases(JsonNode kit) {
    return StreamSupport.stream(kit.at("/model/cases").spliterator(), false).toList();
  }

  private static JsonNode one(JsonNode kit, String name) {
    return cases(kit).stream()
        .filter(each -> each.path("case").textValue().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static long bytes(JsonNode kit, String name) {
    return one(kit, name).path("bytes").longValue();
  }
}
