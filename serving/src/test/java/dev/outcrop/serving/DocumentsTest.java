package dev.outcrop.serving;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Documents of Converse that are text become text of the prompt; others are refused. */
final class DocumentsTest {
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(request -> "ok");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"txt", "md", "csv"})
  void textIsInlinedAsItIs(String format) throws IOException {
    send(document(format, "Notes", bytes("# A\n<b>1</b>, \u00e9\n".getBytes(UTF_8))));

    assertThat(server.text.lastPrompt)
        .isEqualTo(
            "user: Read.\n<document name=\"Notes\">\n# A\n<b>1</b>, \u00e9\n\n</document>\nassistant: ");
  }

  @Test
  void htmlIsInlinedWithoutItsTags() throws IOException {
    send(
        document("html", "Page", bytes("<p>One</p><script>no</script><p>Two</p>".getBytes(UTF_8))));

    assertThat(server.text.lastPrompt)
        .isEqualTo("user: Read.\n<document name=\"Page\">\nOne\nTwo\n</document>\nassistant: ");
  }

  @Test
  void marksOfEncodingsAreRead() throws IOException {
    send(document("csv", "A", bytes("\ufeffa,b".getBytes(UTF_8))));
    assertThat(server.text.lastPrompt).contains(">\na,b\n<");

    send(document("csv", "A", bytes("c,d".getBytes(UTF_16))));
    assertThat(server.text.lastPrompt).contains(">\nc,d\n<");
  }

  @Test
  void textAndContentNeedNoFormat() throws IOException {
    send("{\"name\":\"A\",\"source\":{\"text\":\"plain\"},\"context\":\"why\"}");
    assertThat(server.text.lastPrompt)
        .contains("<document name=\"A\">\n<context>why</context>\nplain\n</document>");

    send("{\"name\":\"A\",\"source\":{\"content\":[{\"text\":\"one\"},{\"text\":\"two\"}]}}");
    assertThat(server.text.lastPrompt).contains("\none\ntwo\n");
  }

  @Test
  void documentsOfToolResultsAreInlined() throws IOException {
    RawHttp.Response response =
        post(
            """
            {"toolConfig":{"tools":[{"toolSpec":{"name":"t","inputSchema":{"json":{}}}}]},"messages":[
             {"role":"user","content":[{"text":"hi"}]},
             {"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"t","input":{}}}]},
             {"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[
              {"document":{"format":"txt","name":"R","source":{"bytes":"aGk="}}}]}}]}]}
            """);

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(server.text.lastPrompt).contains("tool: <document name=\"R\">\nhi\n</document>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pdf", "doc", "docx", "xls", "xlsx"})
  void formatsThatNoModelReadsAreRefused(String format) throws IOException {
    refuses(
        document(format, "A", bytes(new byte[] {1})),
        "This model doesn't support documents of the format at"
            + " messages.0.content.1.document.format. Send txt, md, csv or html, and try again.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.txt", "a  b", "a\tb", "\u00e9", "a\u3000b", "a\\\"b"})
  void namesThatBedrockRefusesAreRefused(String name) throws IOException {
    refuses(
        document("txt", name.replace("\t", "\\t"), bytes(new byte[] {65})),
        "The document file name can only contain alphanumeric characters, whitespace characters,"
            + " hyphens, parentheses, and square brackets. The name can't contain more than one"
            + " consecutive whitespace character. Check that the file name conforms to these"
            + " restrictions and retry your request.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a-b (1) [2]", "a_b", " a "})
  void namesThatBedrockTakesAreTaken(String name) throws IOException {
    send(document("txt", name, bytes(new byte[] {65})));

    assertThat(server.text.lastPrompt).contains("<document name=\"" + name + "\">");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"name":"A","source":{"bytes":"aGk="}}                                   | document.format is required
          {"format":"txt","name":"A","source":{"bytes":"!"}}                       | source.bytes must be base64
          {"format":"txt","name":"A","source":{"bytes":"/w=="}}                    | source.bytes must be text in UTF-8
          {"format":"txt","name":"A","source":{"bytes":""}}                        | source.bytes must have between 1 and 4500000 bytes
          {"format":"txt","name":"A","source":{"s3Location":{"uri":"s3://b/k"}}}   | doesn't support the messages.0.content.1.document.source.s3Location field
          {"format":"txt","name":"A","source":{"text":"a"},"citations":{"enabled":true}} | doesn't support the messages.0.content.1.document.citations.enabled field
          """)
  void whatCannotBeReadIsRefused(String document, String message) throws IOException {
    refuses(document, message);
  }

  @Test
  void documentsAboveTheLimitsAreRefused() throws IOException {
    String one = "{\"document\":" + document("txt", "A", bytes(new byte[] {65})) + "},";
    refused(
        post(
            "{\"messages\":[{\"role\":\"user\",\"content\":["
                + one.repeat(6)
                + "{\"text\":\"hi\"}]}]}"),
        "messages.0.content.5.document is one document too many: a message may have 5.");
    refuses(document("txt", "A", bytes(new byte[4_500_001])), "between 1 and 4500000 bytes");
  }

  @Test
  void anAssistantHasNoDocuments() throws IOException {
    String body =
        """
        {"messages":[{"role":"user","content":[{"text":"hi"}]},
        {"role":"assistant","content":[{"document":{"name":"A","source":{"text":"a"}}}]},
        {"role":"user","content":[{"text":"hi"}]}]}
        """;
    refused(post(body), "This model doesn't support the document field for assistant messages.");
  }

  private void refuses(String document, String message) throws IOException {
    refused(post(withDocument(document)), message);
  }

  private static void refused(RawHttp.Response response, String message) {
    assertThat(response.status()).as(response.text()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains(message);
  }

  private static void send(String document) throws IOException {
    RawHttp.Response response = post(withDocument(document));
    assertThat(response.status()).as(response.text()).isEqualTo(200);
  }

  private static RawHttp.Response post(String body) throws IOException {
    return RawHttp.post(server.server.port(), "/model/demo/converse", body);
  }

  private static String withDocument(String document) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Read.\"},{\"document\":%s}]}]}"
        .formatted(document);
  }

  private static String document(String format, String name, String source) {
    return "{\"format\":\"%s\",\"name\":\"%s\",\"source\":%s}".formatted(format, name, source);
  }

  private static String bytes(byte[] bytes) {
    return "{\"bytes\":\"" + Base64.getEncoder().encodeToString(bytes) + "\"}";
  }
}
