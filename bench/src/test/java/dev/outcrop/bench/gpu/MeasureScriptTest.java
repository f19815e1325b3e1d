package dev.outcrop.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.bench.report.ResultFile;
import dev.outcrop.bench.report.RunResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * bench/gpu/measure.py runs a kit for the processor. It needs a Python with torch: that of
 * OUTCROP_PYTHON, or python3.
 */
class MeasureScriptTest {
  private static final String SCRIPT = Path.of("gpu", "measure.py").toString();

  @TempDir private Path folder;

  /** How a process ended and what it wrote. */
  private record Ended(int status, String said) {}

  private Ended python(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(System.getenv().getOrDefault("OUTCROP_PYTHON", "python3")));
    command.addAll(List.of(arguments));
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return new Ended(-1, command.getFirst() + " cannot be started");
    }
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      return new Ended(-1, "took too long here");
    }
    return new Ended(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
  }

  private void needTorch() throws Exception {
    String need =
        "import sys, torch; assert sys.version_info >= (3, 10); assert torch.__version__ >= '2.7'";
    if (python("-c", need).status != 0) {
      String reason =
          "MeasureScriptTest: no Python 3.10 or later with torch; OUTCROP_PYTHON can name one";
      System.out.println(reason);
      Assumptions.abort(reason);
    }
  }

  private Ended measure(Path kit) throws Exception {
    return python(
        SCRIPT,
        kit.toString(),
        "--device=stand-in",
        "--repeats=2",
        "--warm=1",
        "--generate-repeats=1",
        "--output=" + folder.resolve("results"));
  }

  @Test
  void measuresAndSaysWhatTheEngineSays() throws Exception {
    needTorch();
    Path kit = folder.resolve("kit");
    Kits.standIn(kit, "llama", "qwen3");

    Ended ended = measure(kit);

    assertThat(ended.status).as(ended.said).isZero();
    RunResult result = ResultFile.read(folder.resolve("results/result.json"));
    assertThat(result.benchmark()).isEqualTo("gpu");
    assertThat(result.shape()).containsEntry("standIn", true).containsEntry("layers", 2);
    assertThat(result.results())
        .extracting(row -> (Object) row.get("case"))
        .containsExactly(
            "check-llama",
            "check-qwen3",
            "decode-1",
            "decode-4",
            "prefill-64",
            "shared-4",
            "unshared-4");
    for (Map<String, ?> row : result.results()) {
      if (String.valueOf(row.get("case")).startsWith("check-")) {
        assertThat((Double) row.get("errorToEngine")).isLessThan(1e-4);
        assertThat((Double) row.get("typicalError")).isLessThan(1e-4);
        assertThat(row.get("tokens")).isEqualTo(190);
      } else {
        assertThat((Double) row.get("ms")).isPositive();
        assertThat((Integer) row.get("operators")).isPositive();
        assertThat(row.containsKey("bandwidthShare")).isFalse(); // it is no GPU's
      }
    }
    assertThat(folder.resolve("results/result.md"))
        .content()
        .contains("no figure says anything about a GPU", "| decode-4 |", "as it should be");
    assertThat(folder.resolve("results/kernels.md")).content().contains("## shared-4", "aten::");
  }

  @Test
  void endsWithThreeWhereLogitsAreOff() throws Exception {
    needTorch();
    Path kit = folder.resolve("kit");
    Kits.standIn(kit, "llama");
    Path expected = kit.resolve("checks/llama/expected.f32");
    byte[] numbers = Files.readAllBytes(expected);
    numbers[numbers.length - 1] ^= (byte) 0x80; // the sign of the last logit
    Files.write(expected, numbers);
    ObjectNode json = (ObjectNode) Kits.read(kit);
    ((ObjectNode) json.path("files"))
        .put(
            "checks/llama/expected.f32",
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(numbers)));
    Kits.JSON.writeValue(kit.resolve("kit.json").toFile(), json);

    Ended ended = measure(kit);

    assertThat(ended.status).as(ended.said).isEqualTo(3);
    assertThat(ended.said).contains("measure: check-llama failed: errorToEngine is ");
    JsonNode result = Kits.JSON.readTree(folder.resolve("results/result.json").toFile());
    assertThat(result.at("/results/0/failed").asText()).contains("at most 0.0001 is allowed");
  }

  @Test
  void saysInOneLineWhatIsWrongWithAKit() throws Exception {
    needTorch();
    Path kit = folder.resolve("kit");
    assertThat(line(measure(kit))).startsWith("measure: there is no kit in " + kit);
    Kits.standIn(kit);
    String json = Files.readString(kit.resolve("kit.json"));

    Files.writeString(kit.resolve("kit.json"), json.substring(0, 1000));
    assertThat(line(measure(kit))).contains("is no kit, or was cut off");
    Files.writeString(kit.resolve("kit.json"), json.replace("{\"kit\":1,", "{\"kit\":2,"));
    assertThat(line(measure(kit))).contains("has version 2, this script takes 1");

    Files.writeString(kit.resolve("kit.json"), json);
    byte[] archive = Files.readAllBytes(kit.resolve("model.pt"));
    Files.write(kit.resolve("model.pt"), new byte[100]);
    assertThat(line(measure(kit))).contains("model.pt is not as the kit was made");
    Files.delete(kit.resolve("model.pt"));
    assertThat(line(measure(kit))).endsWith("lacks model.pt");
    Files.write(kit.resolve("model.pt"), archive);
    assertThat(line(python(SCRIPT, kit.toString(), "--output=" + folder)))
        .contains("the kit is for the processor (made with --stand-in)");
  }

  private static String line(Ended ended) {
    assertThat(ended.status).as(ended.said).isEqualTo(1);
    assertThat(ended.said.lines()).hasSize(1);
    return ended.said.strip();
  }

  /** What no stand-in runs is tried with a device and its kernels made up. */
  @Test
  void passesItsOwnTests() throws Exception {
    needTorch();

    Ended ended = python(Path.of("gpu", "test_measure.py").toString());

    assertThat(ended.status).as(ended.said).isZero();
    assertThat(ended.said).contains("OK");
  }
}
