package dev.outcrop.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.models.loading.EngineLoader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A soak of a moment. */
final class SoakCommandTest {
  @Test
  void readsWhatTheKernelTells() {
    Memory memory =
        Memory.of(
            List.of(
                "VmRSS:\t  3000 kB",
                "RssAnon:\t    1000 kB",
                "RssFile:\t    1500 kB",
                "RssShmem:\t      500 kB"));

    assertThat(memory).isEqualTo(new Memory(1000 * 1024, 2000 * 1024));
    assertThat(memory.bytes()).isEqualTo(3000 * 1024);
  }

  @Test
  void findsTheSlopeOfALine() {
    Slope slope = new Slope();
    assertThat(slope.value()).isZero();
    for (int x = 0; x < 10; x++) {
      slope.add(x, 3 - 2.5 * x + (x % 2 == 0 ? 0.01 : -0.01));
    }

    assertThat(slope.value()).isCloseTo(-2.5, within(0.01));
    assertThat(slope.size()).isEqualTo(10);
  }

  @Test
  void leavesNoHandleOpen() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      status =
          new CommandLine(new SoakCommand())
              .execute(
                  "--model=" + Path.of("..", "models", "demo", "model"),
                  "--minutes=0.1",
                  "--settle=0.01",
                  "--every=0.2",
                  "--streams=8");
    } finally {
      System.setOut(before);
    }

    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("openHandles").intValue()).isZero();
    assertThat(result.get("failures").intValue()).isZero();
    assertThat(result.get("requests").intValue()).isGreaterThanOrEqualTo(8);
    assertThat(result.get("looksThatCount").intValue()).isPositive();
    assertThat(result.get("tokens").longValue()).isPositive();
    assertThat(EngineLoader.openHandles()).isZero();
  }
}
