package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.models.arch.Experts;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens pass the experts that they choose, and no others. */
class ExpertsTest {
  @TempDir Path folder;

  @Test
  void runsNoExpertThatNoTokenChose() throws IOException {
    Fixture fixture = Fixture.read("mixtral");
    int last = fixture.config().layers().size() - 1;
    Experts experts = (Experts) fixture.config().layers().get(last).mlp();
    int n = fixture.length();
    int[] chosen = new int[n];
    for (int e = 0; e < experts.count(); e++) {
      float[][] logits = logitsWithout(last, e, fixture);
      Set<Integer> spoilt = new TreeSet<>();
      for (int i = 0; i < n; i++) {
        if (Float.isFinite(logits[i][0])) {
          assertThat(distance(logits[i], fixture.logits()[i]))
              .isLessThan(TorchEngineExactnessTest.BOUND * fixture.largest());
        } else {
          spoilt.add(i);
          chosen[i]++;
        }
      }
      assertThat(spoilt.size()).as("tokens of expert " + e).isBetween(1, n - 1);
    }
    assertThat(chosen).containsOnly(experts.perToken());
  }

  @ParameterizedTest
  @CsvSource({
    "gpt_oss, mlp.router.bias, 0",
    "gpt_oss, mlp.experts.gate_up_proj_bias, 0",
    "gpt_oss, mlp.experts.down_proj_bias, 0",
    "gpt_oss, self_attn.sinks, -100",
    "deepseek_v3, mlp.gate.e_score_correction_bias, 0",
    "deepseek_v3, self_attn.q_a_layernorm.weight, 1",
    "deepseek_v3, self_attn.kv_a_layernorm.weight, 1",
    "deepseek_v3-plain, self_attn.kv_a_layernorm.weight, 1",
  })
  void noticesWhatAnotherTensorHolds(String name, String tensor, float constant)
      throws IOException {
    Fixture fixture = Fixture.read(name);
    float[][] logits = logitsWith("model.layers.1." + tensor, constant, fixture);
    assertThat(fixture.error(logits, 0)).isGreaterThan(100 * TorchEngineExactnessTest.BOUND);
  }

  /** Logits where an expert's weights are not numbers, so that whatever it touches is not one. */
  private float[][] logitsWithout(int layer, int expert, Fixture fixture) throws IOException {
    String name = "model.layers.%d.block_sparse_moe.experts.%d.w2.weight".formatted(layer, expert);
    return logitsWith(name, Float.NaN, fixture);
  }

  /** Logits where all of a tensor is one number. */
  private float[][] logitsWith(String name, float constant, Fixture fixture) throws IOException {
    Path source = fixture.checkpoint().files().getFirst();
    Path copy = folder.resolve(Objects.requireNonNull(source.getFileName()));
    Files.write(copy, Files.readAllBytes(source));
    StoredTensor tensor = Objects.requireNonNull(fixture.checkpoint().find(name));
    ByteBuffer spoilt = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    while (spoilt.hasRemaining()) {
      spoilt.putFloat(constant);
    }
    try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
      assertThat(channel.write(spoilt.flip(), tensor.offset())).isEqualTo((int) tensor.bytes());
    }
    TorchOptions options = new TorchOptions(ElementType.FLOAT32, 256, 1);
    Checkpoint checkpoint = Checkpoint.open(folder);
    try (TorchEngine engine = TorchEngine.open(fixture.config(), checkpoint, options)) {
      StepPlan plan = new StepPlan();
      fixture.row(plan, 0, fixture.length(), 0, fixture.length());
      return engine.logits(plan);
    }
  }

  private static double distance(float[] a, float[] b) {
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = Math.max(worst, Math.abs(a[i] - b[i]));
    }
    return worst;
  }
}
