package dev.outcrop.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.generate.Generation;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MicroCommandTest {
  private static final String MODEL = Path.of("..", "models", "demo", "model").toString();

  @Test
  void timesEveryPart() throws Exception {
    System.setProperty("jmh.ignoreLock", "true"); // another build may measure at the same time

    JsonNode json =
        stdout("--model", MODEL, "--forks=0", "--warmup=1", "--iterations=2", "--seconds=0.02");

    assertThat(json.get("benchmark").asText()).isEqualTo("micro");
    assertThat(json.get("results"))
        .extracting(result -> result.get("name").asText())
        .containsExactlyElementsOf(MicroCase.ALL.stream().map(MicroCase::name).toList());
    assertThat(json.get("results"))
        .allSatisfy(
            result -> {
              assertThat(result.get("nanosPerOperation").asDouble()).isPositive();
              assertThat(result.get("bytesPerOperation").asDouble()).isNotNegative();
            });
  }

  @Test
  void timesTheCodecsOnWhatTheyDo() {
    CodecCosts codec = new CodecCosts();
    codec.write();

    int bytes = codec.eventStreamWrite();
    assertThat(bytes).isPositive();
    long once = codec.eventStreamRead();
    assertThat(once).isBetween((long) CodecCosts.FRAMES, (long) bytes);
    assertThat(codec.eventStreamRead()).isEqualTo(2 * once);
    // The turns, the question and the system's instructions.
    assertThat(codec.json())
        .isInstanceOfSatisfying(
            Generation.class,
            read -> {
              assertThat(read.input())
                  .hasToString("Chat[messages=%d, tools=0]".formatted(CodecCosts.TURNS + 2));
              assertThat(read.maxTokens()).isEqualTo(256);
            });
  }

  @Test
  void timesTextThatComesBack() {
    System.setProperty(MicroFolder.PROPERTY, MODEL);
    TextCosts text = new TextCosts();
    text.open();
    try {
      assertThat(text.tokenizer().length).isBetween(100, TextCosts.CHARACTERS);
      assertThat(text.detokenizer()).isEqualTo(TextCosts.CHARACTERS);
      assertThat(text.template().text()).contains("engineers").hasSizeGreaterThan(1_000);
    } finally {
      text.close();
    }
  }

  @Test
  void refusesANameThatIsNone() {
    assertThat(new CommandLine(new MicroCommand()).execute("--only", "engine")).isEqualTo(2);
  }

  private static JsonNode stdout(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(new CommandLine(new MicroCommand()).execute(arguments)).isZero();
    } finally {
      System.setOut(before);
    }
    return new ObjectMapper().readTree(out.toByteArray());
  }
}
