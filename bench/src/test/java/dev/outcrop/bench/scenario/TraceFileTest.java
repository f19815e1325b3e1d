package dev.outcrop.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TraceFileTest {
  private static final String CALL =
      """
      {"schemaType":"ModelInvocationLog","timestamp":"%s","operation":"ConverseStream","modelId":"%s",\
      "input":{"inputTokenCount":%d,"cacheReadInputTokenCount":5,"inputBodyJson":{"system":[{"text":"be kind"}],\
      "messages":[{"role":"user","content":[{"text":"one"},{"text":" two"}]}]}},"output":{"outputTokenCount":%d}}
      """;

  @TempDir private Path folder;

  private void gzip(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void readsAFolderOfPackedLogs() throws Exception {
    gzip(
        "2026/11/01/b.json.gz",
        CALL.formatted("2026-11-01T10:00:30.5Z", "meta.llama3", 30, 3)
            + "no json\n"
            + CALL.formatted("2026-11-01T10:00:10Z", "anthropic.claude", 10, 1));
    gzip("2026/11/01/a.json.gz", CALL.formatted("2026-11-01T10:00:20Z", "meta.llama3", 20, 2));
    Files.writeString(folder.resolve("readme.txt"), "not this");

    TraceFile.Trace trace = TraceFile.read(folder, "llama", false);

    assertThat(trace.requests())
        .containsExactly(new Recording(0, 25, 2, null), new Recording(10.5, 35, 3, null));
    assertThat(trace.left()).isEqualTo(2);
  }

  @Test
  void keepsTextsOnlyWhereTheyAreAskedForAndNeverShowsThem() throws Exception {
    Path log = folder.resolve("log.jsonl");
    Files.writeString(log, CALL.formatted("2026-11-01T10:00:20Z", "m", 20, 2));

    Recording with = TraceFile.read(log, "", true).requests().getFirst();

    assertThat(with.texts())
        .isEqualTo(new Recording.Texts("be kind", List.of(Message.user("one two"))));
    assertThat(with.toString()).doesNotContain("one", "kind");
    assertThat(TraceFile.read(log, "", false).requests().getFirst().texts()).isNull();
  }

  @Test
  void spreadsWhatCameInTheSameSecond() throws Exception {
    Path log = folder.resolve("log.jsonl");
    String two = CALL.formatted("2026-11-01T10:00:20Z", "m", 20, 2);
    Files.writeString(log, two + two + CALL.formatted("2026-11-01T10:00:30Z", "m", 20, 2));

    List<Recording> requests = TraceFile.read(log, "", false).requests();

    assertThat(requests.get(1).seconds()).isGreaterThan(0).isLessThan(1);
    assertThat(requests.get(2).seconds()).isCloseTo(10, within(1.0));
  }

  @Test
  void readsTracesInCsv() throws Exception {
    Path azure = folder.resolve("azure.csv");
    Files.writeString(
        azure,
        """
        TIMESTAMP,ContextTokens,GeneratedTokens
        2023-11-16 18:15:46.500,374,44
        2023-11-16 18:15:50.000,0,44
        2023-11-16 18:15:47.500,396,109
        """);
    Path burst = folder.resolve("burst.csv");
    Files.writeString(
        burst,
        """
        Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
        5.5,ChatGPT,472,18,490,Conversation log
        45,ChatGPT,1087,230,1317,Conversation log
        """);

    TraceFile.Trace read = TraceFile.read(azure, "", false);
    assertThat(read.requests())
        .containsExactly(new Recording(0, 374, 44, null), new Recording(1, 396, 109, null));
    assertThat(read.left()).isEqualTo(1);
    assertThat(TraceFile.read(burst, "", false).requests())
        .containsExactly(new Recording(0, 472, 18, null), new Recording(39.5, 1087, 230, null));
  }

  @Test
  void saysInOneSentenceWhatIsWrong() throws Exception {
    Path none = folder.resolve("none");
    Path empty = Files.writeString(folder.resolve("empty.json"), "{}\n");
    Path header = Files.writeString(folder.resolve("header.csv"), "a,b\n1,2\n");

    assertThatThrownBy(() -> TraceFile.read(none, "", false))
        .isInstanceOf(OutcropException.class)
        .hasMessage("there is no trace at " + none);
    assertThatThrownBy(() -> TraceFile.read(empty, "llama", false))
        .hasMessage(empty + " holds no request with an answer of a model like llama");
    assertThatThrownBy(() -> TraceFile.read(header, "", false))
        .hasMessage(header + ": the header must name a column seconds or timestamp or time");
  }
}
