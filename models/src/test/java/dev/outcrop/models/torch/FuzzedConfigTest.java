package dev.outcrop.models.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configs with wrong values in them are refused with an error, or make a program of numbers. */
class FuzzedConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "1",
          "2",
          "-1",
          "7",
          "1.5",
          "1e-300",
          "1e300",
          "-0.0",
          "2147483647",
          "-2147483648",
          "4294967296",
          "9223372036854775807",
          "1e400",
          "\"\"",
          "\"silu\"",
          "\"gelu\"",
          "\"default\"",
          "\"yarn\"",
          "\"dynamic\"",
          "\"longrope\"",
          "\"linear\"",
          "\"llama3\"",
          "\"\\u0000\"",
          "[]",
          "{}",
          "[1]",
          "[[]]",
          "[0,1,0,1]",
          "[\"full_attention\"]",
          "{\"factor\":2}",
          "{\"rope_type\":\"yarn\",\"factor\":0.5}",
          "{\"rope_type\":\"dynamic\",\"factor\":3}",
          "{\"full_attention\":{\"rope_theta\":5}}");

  @TempDir Path folder;

  @Test
  void givesAnErrorOrAProgram() throws IOException {
    run(2_000, 4);
  }

  @Test
  @Tag("long")
  void givesAnErrorOrAProgramForTwentyThousandConfigs() throws IOException {
    run(20_000, 5);
  }

  private void run(int rounds, long seed) throws IOException {
    List<JsonNode> configs = new ArrayList<>();
    for (String name : TorchEngineExactnessTest.fixtures().toList()) {
      String file = "/checkpoints/" + name + "/config.json";
      try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream(file))) {
        configs.add(JSON.readTree(in));
      }
    }
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      ObjectNode config = configs.get(random.nextInt(configs.size())).deepCopy();
      for (int change = random.nextInt(3); change >= 0; change--) {
        change(config, random);
      }
      Files.writeString(folder.resolve("config.json"), config.toString());
      try {
        DecoderConfig read = DecoderConfig.read(folder);
        if (round % 10 == 0) { // it takes most of the time
          assertThat(DecoderProgram.text(read, ElementType.FLOAT32, true))
              .doesNotContain("nan", "infinity");
        }
      } catch (OutcropException e) {
        refused++;
        assertThat(e).hasMessageContaining("config.json");
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("round " + round + ": " + config, e);
      }
    }
    assertThat(refused).isBetween(rounds / 10, rounds * 9 / 10);
  }

  private static void change(ObjectNode config, Random random) throws JsonProcessingException {
    List<String> names = new ArrayList<>();
    config.fieldNames().forEachRemaining(names::add);
    names.addAll(List.of("rope_scaling", "head_dim", "rope_theta", "layer_types"));
    String name = names.get(random.nextInt(names.size()));
    if (config.get(name) instanceof ObjectNode inner && !inner.isEmpty() && random.nextBoolean()) {
      change(inner, random);
    } else if (random.nextInt(4) == 0) {
      config.remove(name);
    } else {
      config.set(name, JSON.readTree(VALUES.get(random.nextInt(VALUES.size()))));
    }
  }
}
