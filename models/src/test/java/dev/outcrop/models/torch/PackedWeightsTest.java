package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.PackedWeights.Method;
import dev.outcrop.models.torch.KernelTable.Source;
import dev.outcrop.models.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints of GPTQ and AWQ say what the same numbers say that are written out. */
final class PackedWeightsTest {
  private static final String GPTQ = "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32}";
  private static final String GPTQ_2 =
      "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32,\"checkpoint_format\":\"gptq_v2\"}";
  private static final String AWQ =
      "{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":32,\"version\":\"GEMM\"}";

  @TempDir Path folder;

  private static Path fixture(String name) {
    return Objects.requireNonNull(Fixture.read(name).checkpoint().source().getParent());
  }

  private void write(String family, String form) throws IOException {
    PackedCheckpoint made =
        switch (form) {
          case "gptq" -> new PackedCheckpoint(Method.GPTQ, 1, false);
          case "gptq-shuffled" -> new PackedCheckpoint(Method.GPTQ, 1, true);
          case "gptq_v2" -> new PackedCheckpoint(Method.GPTQ, 0, false);
          default -> new PackedCheckpoint(Method.AWQ, 0, false);
        };
    String quantisation =
        switch (form) {
          case "awq" -> AWQ;
          case "gptq_v2" -> GPTQ_2;
          default -> GPTQ;
        };
    made.write(fixture(family), quantisation, folder);
  }

  /** The first tokens run together, the last one on a kernel for few rows. */
  private float[][] logits(String name) {
    Fixture llama = Fixture.read("llama");
    DecoderConfig config = DecoderConfig.read(folder.resolve(name));
    Checkpoint checkpoint = Checkpoint.open(folder.resolve(name));
    return new Fixture(config, checkpoint, llama.tokens(), llama.promptTokens(), llama.logits())
        .said(ElementType.FLOAT32);
  }

  @ParameterizedTest
  @CsvSource({
    "llama, gptq",
    "llama, gptq_v2",
    "llama, gptq-shuffled",
    "llama, awq",
    "qwen2, gptq",
    "qwen2, awq",
    "gemma3_text, awq",
    "mistral, gptq"
  })
  void saysWhatItsNumbersSay(String family, String form) throws IOException {
    write(family, form);
    float[][] expected = logits("whole");

    float[][] actual = logits("packed");

    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int v = 0; v < expected[i].length; v++) {
        largest = Math.max(largest, Math.abs(expected[i][v]));
        worst = Math.max(worst, Math.abs(expected[i][v] - actual[i][v]));
      }
    }
    assertThat(worst / largest).isLessThan(1e-4);
  }

  @Test
  void staysInFourBits() throws IOException {
    write("llama", "awq");
    try (TorchEngine engine =
        PackedCheckpoint.open(
            folder.resolve("packed"), new TorchOptions(ElementType.BFLOAT16, 64, 1))) {
      // q, k and v are one layer; 56 inputs of the last matrix of an MLP are no multiple of 32.
      assertThat(engine.kernels().tables())
          .extracting(table -> table.format() + " " + table.rows() + "x" + table.columns())
          .contains("int4-g32 64x32", "int4-g32 32x32", "int4-g32 56x32", "none 32x56");
    }
  }

  @Test
  void tellsWhereTheChoiceForAWholeLayerIsFrom(@TempDir Path cache) throws IOException {
    write("llama", "awq");
    long rows = 1 << 15; // of a head that is large enough to measure
    Path packed = folder.resolve("packed");
    List<Part> parts = new ArrayList<>();
    for (Part part : Part.of(packed)) {
      boolean vocabulary = part.name().matches(".*(embed_tokens|lm_head)\\.weight");
      long columns = part.shape().getLast();
      byte[] zeros = new byte[vocabulary ? (int) (rows * columns * part.dtype().bytes()) : 0];
      parts.add(
          vocabulary ? new Part(part.name(), part.dtype(), List.of(rows, columns), zeros) : part);
    }
    Part.write(packed.resolve("model.safetensors"), parts);
    Path config = packed.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replaceFirst("\"vocab_size\": *\\d+", "\"vocab_size\":" + rows));
    TorchOptions options =
        new TorchOptions(
            ElementType.BFLOAT16,
            64,
            1,
            TorchOptions.Kernels.BEST,
            WeightFormat.PLAIN,
            new Tuning(true, cache));
    AtomicLong clock = new AtomicLong();
    TorchProgram.threads(1);
    String text = DecoderProgram.text(Configs.tiny(64), ElementType.BFLOAT16, true);
    try (TorchProgram program = TorchProgram.load(text)) {
      WeightShape head = new WeightShape((int) rows, 32, 1);
      new LayoutTuner(options, new TuningBudget(clock::incrementAndGet))
          .tune(program, List.of(head));
    }

    try (TorchEngine engine = PackedCheckpoint.open(packed, options)) {
      assertThat(engine.kernels().tables())
          .filteredOn(table -> table.rows() == rows)
          .singleElement()
          .returns("none", KernelTable::format)
          .returns(Source.CACHED, KernelTable::source);
    }
  }

  @Test
  void refusesToQuantiseOnceMore() throws IOException {
    write("llama", "gptq");
    TorchOptions twice =
        new TorchOptions(ElementType.BFLOAT16, 64, 1, new WeightFormat(8, 0, false));

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> PackedCheckpoint.open(folder.resolve("packed"), twice))
        .withMessageContainingAll("gptq", "quantization must be none");
  }

  @Test
  void refusesWholeWeightsThatConfigSaysAreQuantised() throws IOException {
    write("llama", "gptq");
    Path folder = this.folder.resolve("packed");
    Files.copy(
        this.folder.resolve("whole/model.safetensors"),
        folder.resolve("model.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(
            () -> PackedCheckpoint.open(folder, new TorchOptions(ElementType.BFLOAT16, 64, 1)))
        .withMessageContainingAll("quantization_config of gptq", "no tensor is quantised");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"quant_method\":\"gptq\",\"bits\":8,\"group_size\":32}|bits",
        "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":-1}|group_size",
        "{\"quant_method\":\"gptq\",\"bits\":4}|group_size",
        "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32,\"checkpoint_format\":\"marlin\"}"
            + "|checkpoint_format",
        "{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":32,\"version\":\"gemv\"}|version",
        "{\"quant_method\":\"bitsandbytes\"}|bitsandbytes"
      })
  void namesWhatItDoesNotRead(String quantisation, String named) throws IOException {
    new PackedCheckpoint(Method.GPTQ, 1, false).write(fixture("llama"), quantisation, folder);

    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> DecoderConfig.read(folder.resolve("packed")))
        .withMessageContainingAll("quantization_config", named);
  }

  @ParameterizedTest
  @CsvSource({
    "layers.0.self_attn.q_proj.qzeros, qzeros, missing",
    "layers.0.self_attn.q_proj.scales, scales, missing",
    "layers.0.mlp.up_proj.qweight, up_proj.weight, missing",
    "layers.1.self_attn.k_proj.qweight, k_proj.weight, missing"
  })
  void namesWhatIsMissing(String lost, String named, String how) throws IOException {
    write("llama", "gptq");
    Path packed = folder.resolve("packed");
    List<Part> parts = Part.of(packed);
    Files.delete(packed.resolve("model.safetensors"));
    Part.write(
        packed.resolve("model.safetensors"),
        parts.stream().filter(part -> !part.name().endsWith(lost)).toList());

    DecoderConfig config = DecoderConfig.read(packed);
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> TorchEngine.check(config, Checkpoint.open(packed)))
        .withMessageContainingAll(named, how);
  }
}
