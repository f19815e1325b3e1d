package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.DecoderConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kernels that a layer launches on a GPU, counted in the text of its program: along the branches
 * that a kind of step takes, every operator that is not a view is one launch. What libraries launch
 * inside of an operator (cuBLAS may split a product) is not seen.
 */
class CudaLaunchesTest {
  private static final Pattern CALL = Pattern.compile("\\b(torch|self)\\.(\\w+)\\(");
  private static final Set<String> VIEWS =
      Set.of("size", "view", "narrow", "unsqueeze", "permute", "select", "t");
  private static final Map<String, Integer> LAUNCHES = new HashMap<>();

  static {
    for (String one :
        List.of(
            "linear",
            "addmm_",
            "add_",
            "mul",
            "mul_",
            "sum",
            "softmax",
            "repeat",
            "cat",
            "contiguous",
            "silu",
            "gelu",
            "gelu_",
            "index_copy_",
            "index_select",
            "native_layer_norm",
            "_weight_int4pack_mm",
            "_flash_attention_forward")) {
      LAUNCHES.put(one, 1);
    }
    // No kernel of its own: to float32, square, mean, plus epsilon, inverse root, times it, back.
    LAUNCHES.put("rms_norm", 7);
  }

  /** What is asked of a step where the program branches. */
  private static Map<String, Boolean> step(boolean decodes, boolean spans, boolean pieces) {
    return Map.of(
        "decodes == n",
        decodes && !spans,
        "decodes == 0",
        !decodes,
        "pieces > 1",
        pieces,
        "layout[3] > 0",
        pieces,
        "group == 0",
        false,
        "torch.__isnot__(bias, None)",
        false);
  }

  @ParameterizedTest
  @CsvSource({
    // decodes, other rows, both; then where sequences are in several pieces
    "llama, 14, 14, 16, 18, 15, 21",
    "llama-biased, 16, 16, 18, 20, 17, 23",
    "mistral, 14, 14, 16, 18, 15, 21",
    "phi3, 14, 14, 16, 18, 15, 21",
    "smollm3, 14, 14, 16, 18, 15, 21",
    "qwen2, 14, 14, 16, 18, 15, 21",
    "granite, 14, 14, 16, 18, 15, 21",
    "qwen3, 17, 17, 19, 21, 18, 24",
    "olmo2, 34, 34, 36, 38, 35, 41",
    "gemma3_text, 23, 23, 25, 27, 24, 30",
    "starcoder2, 13, 13, 15, 17, 14, 20"
  })
  void launchesFewKernelsForALayer(
      String name, int decodes, int spans, int both, int inPieces, int gathered, int bothInPieces) {
    DecoderConfig config = Fixture.read(name).config();
    int layers = config.layers().size();
    Stage stage = new Stage(0, layers, layers, TorchDevice.parse("cuda"));
    String text =
        DecoderProgram.text(config, ElementType.BFLOAT16, false, WeightFormat.PLAIN, stage);

    assertThat(counted(text))
        .containsExactly(decodes, spans, both, inPieces, gathered, bothInPieces);
  }

  /** Rows that do not lie next to each other are copied before the kernel of four bits. */
  @ParameterizedTest
  @CsvSource({"llama, 18, 18, 20, 22, 19, 25", "qwen3, 21, 21, 23, 25, 22, 28"})
  void launchesAFewMoreForFourBits(
      String name, int decodes, int spans, int both, int inPieces, int gathered, int bothInPieces) {
    DecoderConfig config = Fixture.read(name).config();
    int layers = config.layers().size();
    Stage stage = new Stage(0, layers, layers, TorchDevice.parse("cuda"));
    WeightFormat format = new WeightFormat(4, 32, false);
    String text = DecoderProgram.text(config, ElementType.BFLOAT16, false, format, stage);

    assertThat(counted(text))
        .containsExactly(decodes, spans, both, inPieces, gathered, bothInPieces);
  }

  private static List<Integer> counted(String text) {
    return List.of(
        count(text, "layer_0", step(true, false, false)),
        count(text, "layer_0", step(false, true, false)),
        count(text, "layer_0", step(true, true, false)),
        count(text, "layer_0", step(true, false, true)),
        count(text, "layer_0", step(false, true, true)),
        count(text, "layer_0", step(true, true, true)));
  }

  private static int count(String text, String method, Map<String, Boolean> step) {
    int begin = text.indexOf("  def " + method + "(");
    assertThat(begin).as(method).isNotNegative();
    String body = text.substring(text.indexOf(":\n", text.indexOf("->", begin)) + 2);
    int end = body.indexOf("\n  def ");
    Map<Integer, Boolean> taken = new HashMap<>(); // by indentation
    int skipped = Integer.MAX_VALUE;
    int launches = 0;
    for (String line : (end < 0 ? body : body.substring(0, end)).lines().toList()) {
      String words = line.strip();
      int indent = line.indexOf(words);
      if (words.isEmpty() || indent > skipped) {
        continue;
      }
      skipped = Integer.MAX_VALUE;
      if (words.startsWith("if ") || words.startsWith("elif ") || words.equals("else:")) {
        boolean before = !words.startsWith("if ") && taken.getOrDefault(indent, false);
        boolean holds = words.equals("else:") || holds(words, step);
        taken.put(indent, before || holds);
        skipped = before || !holds ? indent : Integer.MAX_VALUE;
        continue;
      }
      Matcher calls = CALL.matcher(words);
      while (calls.find()) {
        String name = calls.group(2);
        if (calls.group(1).equals("self")) {
          launches += count(text, name, step);
        } else if (!VIEWS.contains(name)) {
          assertThat(LAUNCHES).containsKey(name);
          launches += LAUNCHES.getOrDefault(name, 0);
        }
      }
    }
    return launches;
  }

  private static boolean holds(String words, Map<String, Boolean> step) {
    String condition = words.substring(words.indexOf(' ') + 1, words.length() - 1);
    Boolean holds = step.get(condition);
    assertThat(holds).as(condition).isNotNull();
    return Boolean.TRUE.equals(holds);
  }
}
