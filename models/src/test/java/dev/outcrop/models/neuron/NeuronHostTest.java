package dev.outcrop.models.neuron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.CompiledShapes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process needs for a bundle, and what it is told where that is not there. */
final class NeuronHostTest {
  private static final String EXTRA = "PYTORCH_EXTRA_LIBRARY_PATH";
  private static final String VISIBLE = "NEURON_RT_VISIBLE_CORES";

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void set() throws IOException {
    Path library = Files.createFile(folder.resolve("libtorchneuron.so"));
    Path other = Files.createFile(folder.resolve("libother.so"));
    environment.put(EXTRA, other + "," + library);
  }

  private static BundleManifest ranks(int count) {
    return new BundleManifest(
        BundleManifest.Backend.NEURON,
        "m",
        "llama",
        "0".repeat(64),
        false,
        count,
        Map.of("torch", "2.7.1"),
        1,
        new CompiledShapes(List.of(2), List.of(1), List.of(8)),
        false,
        Map.of(),
        1,
        "inf2");
  }

  private String cores(int there, int ranks) {
    return new NeuronHost(environment, () -> there).coresFor(ranks(ranks));
  }

  @Test
  void takesTheFirstCoresWhereNothingSaysWhich() {
    assertThat(cores(2, 2)).isEqualTo("0-1");
    assertThat(cores(4, 1)).isEqualTo("0");
  }

  @Test
  void leavesWhatTheEnvironmentSays() {
    environment.put(VISIBLE, "4-6, 8");
    assertThat(cores(32, 4)).isNull();
    environment.remove(VISIBLE);
    environment.put("NEURON_RT_NUM_CORES", "2");
    assertThat(cores(32, 2)).isNull();
  }

  @Test
  void oneBundleHasTheCoresOfAProcessAtATime() {
    Path other = folder.resolve("other");
    try (CoreClaim claim = CoreClaim.take(folder, null)) {
      assertThat(claim).isNotNull();
      assertThatExceptionOfType(OutcropException.class)
          .isThrownBy(() -> CoreClaim.take(other, null))
          .withMessageContainingAll(
              other.toString(), "are those of " + folder, "process of its own");
    }
    CoreClaim.take(other, "0-1").close();
    CoreClaim.take(folder, "0-1").close();
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> CoreClaim.take(folder, "0-3"))
        .withMessageContaining("was given 0-1 for a bundle before it");
  }

  @Test
  void saysWhatIsMissingAndWhatToSet() {
    refused(0, 1, "there is no Neuron device (/dev/neuron0)");
    refused(2, 4, "the bundle needs 4 cores, this process sees 2");
    environment.put(VISIBLE, "3");
    refused(32, 2, "the bundle needs 2 cores, this process sees 1");
    environment.put(VISIBLE, "a-b");
    refused(32, 2, "NEURON_RT_VISIBLE_CORES must be like 0-3,8, was 'a-b'");
    environment.remove(VISIBLE);
    environment.put("NEURON_RT_NUM_CORES", "many");
    refused(32, 2, "NEURON_RT_NUM_CORES must be a number, was 'many'");
    environment.put(EXTRA, folder.resolve("libtorch.so").toString());
    refused(2, 2, "which is not there");
    environment.put(EXTRA, folder.resolve("libother.so").toString());
    refused(2, 2, "PYTORCH_EXTRA_LIBRARY_PATH names no libtorchneuron.so");
    environment.remove(EXTRA);
    refused(2, 2, "PYTORCH_EXTRA_LIBRARY_PATH is not set");
  }

  private void refused(int there, int ranks, String what) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> cores(there, ranks))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ModelError.DEVICE_MISSING))
        .withMessageContainingAll(
            what,
            "libtorchneuron.so",
            "PYTORCH_LIBRARY_PATH",
            "PYTORCH_VERSION=2.7.1",
            "PYTORCH_FLAVOR=cpu");
  }

  @Test
  void saysWhatKeptLibtorchFromLoading() {
    OutcropException outer = new OutcropException(ModelError.DEVICE_MISSING, "no libnrt.so.1");

    assertThat(new NeuronHost(environment, () -> 2).unloadable(outer))
        .hasMessageContainingAll("cannot run here: no libnrt.so.1", "PYTORCH_FLAVOR=cpu")
        .hasCause(outer);
  }
}
