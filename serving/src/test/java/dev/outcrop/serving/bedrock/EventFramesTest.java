package dev.outcrop.serving.bedrock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
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

  @Test
  void writesExceptionsWithoutPadding() {
    EventFrames frames = new EventFrames(json, () -> 19);

    Message message =
        Message.decode(
            java.nio.ByteBuffer.wrap(frames.exception("modelStreamErrorException", "broken")));

    assertThat(message.getHeaders().get(":message-type").getString()).isEqualTo("exception");
    assertThat(message.getHeaders().get(":exception-type").getString())
        .isEqualTo("modelStreamErrorException");
    assertThat(new String(message.getPayload(), StandardCharsets.UTF_8))
        .isEqualTo("{\"message\":\"broken\"}");
  }
}
