package dev.outcrop.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.Health;
import dev.outcrop.batching.Signals;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.bench.report.Memory;
import dev.outcrop.models.loading.EngineLoader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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
                  "--streams=8");
    } finally {
      System.setOut(before);
    }

    assertThat(status).isZero();
    JsonNode result = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(result.get("openHandles").intValue()).isZero();
    assertThat(result.get("failures").intValue()).isZero();
    assertThat(result.get("deadCallers").intValue()).isZero();
    assertThat(result.get("requests").intValue()).isGreaterThanOrEqualTo(8);
    assertThat(result.get("looksThatCount").intValue()).isGreaterThan(2);
    assertThat(result.get("tokens").longValue()).isPositive();
    assertThat(EngineLoader.openHandles()).isZero();
  }

  @Test
  void isUnsoundWhereACallerDies() throws Exception {
    Map<String, Number> headline =
        soaked(
            () -> {
              throw new IllegalStateException("broken");
            });

    assertThat(headline.get("deadCallers").intValue()).isEqualTo(4);
    assertThat(SoakCommand.sound(headline)).isFalse();
  }

  @Test
  void isUnsoundWhereRequestsAreRefused() throws Exception {
    Map<String, Number> headline =
        soaked(
            () ->
                new SubmitResult.Rejected(
                    SubmitResult.Reason.UNAVAILABLE, "the engine is dead", Duration.ZERO));

    assertThat(headline.get("deadCallers").intValue()).isZero();
    assertThat(headline.get("failures").intValue()).as("callers wait between").isBetween(4, 100);
    assertThat(SoakCommand.sound(headline)).isFalse();
  }

  @Test
  void isUnsoundWhereHandlesStayOpen() {
    Map<String, Number> headline =
        new HashMap<>(Map.of("failures", 0, "deadCallers", 0, "openHandles", 0));
    assertThat(SoakCommand.sound(headline)).isTrue();

    headline.put("openHandles", 1L);
    assertThat(SoakCommand.sound(headline)).isFalse();
  }

  /** Four callers against a batcher that always says the same. */
  private static Map<String, Number> soaked(Supplier<SubmitResult> answer) throws Exception {
    Map<String, Number> headline = new LinkedHashMap<>();
    SoakCommand command = new SoakCommand();
    new CommandLine(command).parseArgs("--minutes=0.01", "--streams=4");
    command.soak(new Answering(answer), 100, new ArrayList<>(), headline);
    return headline;
  }

  private record Answering(Supplier<SubmitResult> answer) implements Batcher {
    @Override
    public SubmitResult submit(GenerateRequest request) {
      return answer.get();
    }

    @Override
    public Fit fit(GenerateRequest request) {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public Signals signals() {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public Health health() {
      return new Health.Live();
    }

    @Override
    public void drain() {}

    @Override
    public void close() {}
  }
}
