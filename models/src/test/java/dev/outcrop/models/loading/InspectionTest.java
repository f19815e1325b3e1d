package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an inspection tells, and that it goes on past what is wrong. */
class InspectionTest {
  private static final Path DEMO = Path.of("demo", "model");
  private static final Path FIXTURES = Path.of("src", "test", "resources");

  @TempDir Path folder;

  @Test
  void tellsAllOfADecoder() {
    Inspection demo = inspect(DEMO);

    assertThat(demo.unsupported()).isEmpty();
    assertThat(demo.limits()).isEmpty();
    assertThat(demo.kind()).isEqualTo("decoder");
    assertThat(demo.family()).isEqualTo("llama");
    Inspection.Shape shape = Objects.requireNonNull(demo.shape());
    Inspection.Attention attention = Objects.requireNonNull(demo.attention());
    assertThat(attention.rope()).containsExactly("default");
    assertThat(attention.windowTokens()).isNull();
    assertThat(attention.kvBytesPer1kTokens()).isEqualTo(1_000 * attention.kvBytesPerToken());
    int heads = Objects.requireNonNull(shape.heads());
    int headDim = Objects.requireNonNull(shape.hiddenSize()) / heads;
    assertThat(attention.kvBytesPerToken())
        .isEqualTo(
            2L
                * Short.BYTES
                * Objects.requireNonNull(shape.layers())
                * Objects.requireNonNull(shape.kvHeads())
                * headDim);
    Inspection.Text text = Objects.requireNonNull(demo.text());
    assertThat(text.template()).containsExactly("chat_template.jinja");
    assertThat(text.toolFormat()).isEqualTo("hermes");
    assertThat(demo.embedding()).isNull();
  }

  @Test
  void countsATiedEmbeddingTwiceInMemory() {
    Inspection gemma = inspect(checkpoint("gemma2"));

    Inspection.Weights weights = Objects.requireNonNull(gemma.weights());
    Inspection.Shape shape = Objects.requireNonNull(gemma.shape());
    long embedding =
        (long) Objects.requireNonNull(shape.vocabularySize())
            * Objects.requireNonNull(shape.hiddenSize());
    assertThat(weights.tiedEmbeddings()).isTrue();
    assertThat(weights.computeDtype()).isEqualTo("float32");
    assertThat(weights.weightBytes()).isEqualTo((weights.parameters() + embedding) * Float.BYTES);
    assertThat(Objects.requireNonNull(gemma.attention()).windowLayers())
        .isBetween(1, Objects.requireNonNull(shape.layers()) - 1);
  }

  @Test
  void tellsAllOfAnEncoder() {
    Inspection bert = inspect(FIXTURES.resolve("encoders").resolve("bert-cls"));

    assertThat(bert.unsupported()).isEmpty();
    assertThat(bert.kind()).isEqualTo("encoder");
    assertThat(bert.family()).isEqualTo("bert");
    assertThat(Objects.requireNonNull(bert.embedding()).pooling()).isEqualTo("cls");
    assertThat(bert.attention()).isNull();
    assertThat(bert.text()).isNull();
    Inspection reranker = inspect(FIXTURES.resolve("encoders").resolve("bert-reranker"));
    assertThat(Objects.requireNonNull(reranker.embedding()).labels()).isEqualTo(1);
    assertThat(reranker.unsupported()).isEmpty();
  }

  @Test
  void saysThatAClassifierOfManyLabelsIsNoReranker() throws IOException {
    copy(FIXTURES.resolve("encoders").resolve("bert-reranker"));
    change("config.json", "\"0\": \"LABEL_0\"", "\"0\": \"good\", \"1\": \"bad\"");

    assertThat(inspect(folder).unsupported())
        .extracting(Inspection.Finding::what)
        .containsExactly("classifier");
  }

  @Test
  void wantsNoTemplateOfADecoderThatMakesEmbeddings() {
    Inspection embedder = inspect(FIXTURES.resolve("encoders").resolve("qwen3-embedding"));

    assertThat(embedder.unsupported()).isEmpty();
    assertThat(embedder.kind()).isEqualTo("decoder");
    assertThat(Objects.requireNonNull(embedder.embedding()).pooling()).isEqualTo("last");
    assertThat(embedder.text()).isNull();
  }

  @Test
  void namesEachFileThatIsMissing() {
    assertThat(what(checkpoint("llama"))).containsExactly("tokenizer", "chat template");
    assertThat(what(folder)).containsExactly("config.json", "weights");
  }

  @Test
  void goesOnPastAnUnknownFamilyAndListsTheKnown() throws IOException {
    copy(DEMO);
    change("config.json", "\"llama\"", "\"mamba\",\"quantization_config\":{\"bits\":4}");

    Inspection other = inspect(folder);

    assertThat(other.unsupported())
        .extracting(Inspection.Finding::what)
        .containsExactly("model_type", "quantization_config");
    assertThat(other.unsupported().getFirst().why())
        .contains("config.json", "'mamba'", "qwen3", "gemma2", "modernbert");
    assertThat(other.kind()).isEqualTo("unknown");
    assertThat(other.family()).isEqualTo("mamba");
    assertThat(Objects.requireNonNull(other.shape()).contextTokens()).isEqualTo(4_096);
    assertThat(Objects.requireNonNull(other.weights()).parameters()).isPositive();
    assertThat(Objects.requireNonNull(other.text()).toolFormat()).isEqualTo("hermes");
  }

  @Test
  void namesTheFieldOfARopeThatIsUnknown() throws IOException {
    copy(DEMO);
    change("config.json", "\"rope_scaling\": null", "\"rope_scaling\":{\"rope_type\":\"spiral\"}");

    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.what()).isEqualTo("rope_scaling.rope_type");
              assertThat(finding.why()).contains("'spiral'", "yarn");
            });
  }

  @Test
  void saysThatWeightsInOtherFormatsAreNotRead() throws IOException {
    copy(DEMO);
    Files.move(folder.resolve("model.safetensors"), folder.resolve("model.gguf"));

    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(finding -> assertThat(finding.why()).contains("GGUF"));
  }

  @Test
  void comparesConfigAndWeights() throws IOException {
    copy(DEMO);
    int layers = Objects.requireNonNull(Objects.requireNonNull(inspect(DEMO).shape()).layers());
    String field = "\"num_hidden_layers\": ";
    change("config.json", field + layers, field + (layers + 1));
    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("holds no tensors", "layers." + layers));
    change("config.json", field + (layers + 1), field + (layers - 1));
    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("holds more", "layers." + (layers - 1)));
  }

  @ParameterizedTest
  @MethodSource("dev.outcrop.models.torch.TorchEngineExactnessTest#fixtures")
  void findsEveryTensorOfAWholeCheckpoint(String name) {
    Inspection whole = inspect(checkpoint(name));

    assertThat(whole.unsupported())
        .extracting(Inspection.Finding::what)
        .containsExactly("tokenizer", "chat template");
    assertThat(whole.limits()).isEmpty();
  }

  @Test
  void findsTheTensorThatIsMissing() throws IOException {
    copy(DEMO);
    change("model.safetensors", "layers.1.mlp.up_proj.weight", "layers.1.mlp.no_proj.weight");
    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("layers.1.mlp.up_proj.weight", "missing"));
  }

  @Test
  void findsTheTensorThatIsMissingInAnEncoder() throws IOException {
    copy(FIXTURES.resolve("encoders").resolve("bert-reranker"));
    change("model.safetensors", "layer.1.output.dense.bias", "layer.1.output.dense.boas");
    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("layer.1.output.dense.bias", "missing"));
  }

  @Test
  void findsTheTensorOfAnotherShape() throws IOException {
    copy(DEMO);
    change("config.json", "\"intermediate_size\": 512", "\"intermediate_size\": 256");
    assertThat(inspect(folder).unsupported())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("mlp.gate_proj.weight", "config.json wants"));
  }

  @Test
  void takesLayersThatPredictFurtherTokensForUnused() throws IOException {
    copy(checkpoint("deepseek_v3"));
    Inspection.Weights whole = Objects.requireNonNull(inspect(folder).weights());
    change("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2");
    change("config.json", "\"num_nextn_predict_layers\": 0", "\"num_nextn_predict_layers\": 1");

    Inspection shorter = inspect(folder);

    assertThat(shorter.unsupported())
        .extracting(Inspection.Finding::what)
        .containsExactly("tokenizer", "chat template");
    assertThat(shorter.limits())
        .singleElement()
        .satisfies(f -> assertThat(f.why()).contains("not used", "model.layers.2."));
    Inspection.Weights used = Objects.requireNonNull(shorter.weights());
    assertThat(used.parameters()).isEqualTo(whole.parameters());
    assertThat(used.weightBytes()).isLessThan(whole.weightBytes());
  }

  @Test
  void listsBrokenTextFilesOneByOne() throws IOException {
    copy(DEMO);
    Files.writeString(folder.resolve("tokenizer.json"), "{");
    Files.writeString(folder.resolve("chat_template.jinja"), "{% frob %}");
    Files.writeString(folder.resolve("generation_config.json"), "{\"temperature\":-1}");

    List<Inspection.Finding> findings = inspect(folder).unsupported();

    assertThat(findings)
        .extracting(Inspection.Finding::what)
        .containsExactly("generation_config.json", "tokenizer", "chat template");
    assertThat(findings).allSatisfy(f -> assertThat(f.why()).contains(folder.toString()));
  }

  @Test
  void tellsWhatAModelIsServedWithout() throws IOException {
    copy(DEMO);
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}");

    assertThat(inspect(folder).unsupported()).isEmpty();
    assertThat(inspect(folder).limits())
        .extracting(Inspection.Finding::what)
        .containsExactly("tool calls");
  }

  @Test
  void countsPackedExpertsAsTheyAreUnpacked() {
    Inspection packed = inspect(checkpoint("gpt_oss-mxfp4"));
    Inspection.Weights weights = Objects.requireNonNull(packed.weights());

    assertThat(packed.unsupported())
        .extracting(Inspection.Finding::what)
        .containsExactly("tokenizer", "chat template");
    assertThat(weights.weightBytes()).isGreaterThan(weights.checkpointBytes());
    assertThat(weights.weightBytes() % weights.parameters()).isZero();
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> inspect(folder.resolve("gone")))
        .withMessageContaining("gone");
  }

  private List<String> what(Path checkpoint) {
    return inspect(checkpoint).unsupported().stream().map(Inspection.Finding::what).toList();
  }

  private static Inspection inspect(Path checkpoint) {
    return Inspection.of(checkpoint, LoadOptions.Dtype.AUTO);
  }

  private static Path checkpoint(String name) {
    return FIXTURES.resolve("checkpoints").resolve(name);
  }

  private void copy(Path from) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
      }
    }
  }

  private void change(String file, String from, String to) throws IOException {
    String text = Files.readString(folder.resolve(file), StandardCharsets.ISO_8859_1);
    assertThat(text).contains(from);
    Files.writeString(folder.resolve(file), text.replace(from, to), StandardCharsets.ISO_8859_1);
  }
}
