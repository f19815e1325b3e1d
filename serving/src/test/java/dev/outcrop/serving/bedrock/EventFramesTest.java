package dev.outcrop.serving.bedrock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.eventstream.Message;

final class EventFramesTest {
  /** A frame that Bedrock sent. */
  private static final String RECORDED =
      "00000090000000523141c8a10b3a6576656e742d7479706507000c6d657373616765537461727"
          + "40d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573"
          + "736167652d747970650700056576656e747b2270223a226162636465666768696a6b6c6d6e6f7"
          + "0717273222c22726f6c65223a22617373697374616e74227d1176eab0";

  private final Json json = new Json(1_000);

  @Test
  void writesTheBytesThatBedrockSends() {
    EventFrames frames = new EventFrames(json, () -> 19);

    byte[] frame = frames.event("messageStart", Json.object().put("role", "assistant"));

    assertThat(HexFormat.of().formatHex(frame)).isEqualTo(RECORDED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " the", "\"\\\n\t\u0001\u007f</", "wörld 😀 \u2028", "{\"a\":1}"})
  void writesTextAsAnyOtherEvent(String text) {
    for (int padding : new int[] {0, 3, 61}) {
      EventFrames frames = new EventFrames(json, () -> padding);
      ObjectNode event = Json.object().put("contentBlockIndex", 12);
      event.putObject("delta").put("text", text);

      Message direct = Message.decode(ByteBuffer.wrap(frames.textDelta(12, text)));
      Message other = Message.decode(ByteBuffer.wrap(frames.event("contentBlockDelta", event)));
      assertThat(direct.getHeaders()).isEqualTo(other.getHeaders());
      assertThat(json.object(direct.getPayload())).isEqualTo(json.object(other.getPayload()));
    }
  }

  @Test
  void writesExceptionsWithoutPadding() {
    EventFrames frames = new EventFrames(json, () -> 19);

    Message message =
        Message.decode(ByteBuffer.wrap(frames.exception("modelStreamErrorException", "broken")));

    assertThat(message.getHeaders().get(":message-type").getString()).isEqualTo("exception");
    assertThat(message.getHeaders().get(":exception-type").getString())
        .isEqualTo("modelStreamErrorException");
    assertThat(new String(message.getPayload(), StandardCharsets.UTF_8))
        .isEqualTo("{\"message\":\"broken\"}");
  }
}
