package dev.outcrop.models.neuron;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.testing.StandIn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The compile job of models/neuron makes the bundle that tests take as made. It needs a Python with
 * the packages of its requirements.txt: that of OUTCROP_PYTHON, or python3. The job has tests of
 * its own, which {@code ./outcrop test --long} runs.
 */
final class CompileJobTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LATE = "took too long here";
  private static final Path JOB = Path.of("neuron");
  private static final Path MADE = Path.of("src", "test", "resources", "neuron", "demo");

  @TempDir Path folder;

  private static String python() {
    return System.getenv().getOrDefault("OUTCROP_PYTHON", "python3");
  }

  private String run(List<String> command) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(JOB.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return command.getFirst() + " cannot be started";
    }
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      return LATE;
    }
    String said = Files.readString(log, StandardCharsets.UTF_8);
    return process.exitValue() == 0 ? "" : said;
  }

  @Test
  void makesTheBundleThatTestsTakeAsMade() throws Exception {
    String missing =
        run(
            List.of(
                python(),
                "-c",
                "import torch, numpy, safetensors; assert torch.__version__.startswith('2.7.1')"));
    if (!missing.isEmpty()) {
      String reason =
          "CompileJobTest: no Python with torch (models/neuron/requirements.txt); OUTCROP_PYTHON"
              + " can name one";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
    Path bundle = folder.resolve("bundle");
    String options =
        "--model ../demo/model --backend cpu --dtype float32 --slots 8 --prefill-tokens 32,128"
            + " --decode-rows 1,4,8 --contexts 128,512 --model-id demo --output ";
    List<String> job = new ArrayList<>(List.of(python(), "compile.py"));
    job.addAll(List.of((options + bundle).split(" ")));

    String said = run(job);
    Assumptions.assumeFalse(said.equals(LATE), () -> "CompileJobTest: the job " + LATE);
    assertThat(said).isEmpty();

    assertThat(manifest(bundle)).isEqualTo(manifest(MADE));
    Path made = folder.resolve("made");
    StandIn.write(MADE, Path.of("demo", "model"), made);
    assertThat(NeuronBundle.open(bundle).ranks().getFirst().tensors())
        .extracting(tensor -> tensor.name() + tensor.dtype() + tensor.shape())
        .containsExactlyInAnyOrderElementsOf(
            NeuronBundle.open(made).ranks().getFirst().tensors().stream()
                .map(tensor -> tensor.name() + tensor.dtype() + tensor.shape())
                .toList());
    LoadOptions options32 = new LoadOptions(LoadOptions.Dtype.FLOAT32, 1 << 20, 0, 1);
    try (LoadedModel model = LoadedModel.open(bundle, options32)) {
      assertThat(model.engine().shapes().fixed()).isTrue();
      model.engine().close();
    }
  }

  /** Without what differs each time. */
  private static ObjectNode manifest(Path bundle) throws IOException {
    ObjectNode manifest =
        (ObjectNode) JSON.readTree(Files.readString(bundle.resolve("manifest.json")));
    manifest.remove("files");
    ((ObjectNode) manifest.get("compiled")).remove("seconds");
    return manifest;
  }
}
