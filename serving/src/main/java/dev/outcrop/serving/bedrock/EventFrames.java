package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.zip.CRC32;

/**
 * Writes frames of {@code application/vnd.amazon.eventstream} (Smithy, Amazon Event Stream) as
 * Bedrock sends them.
 *
 * <p>Every event carries a member {@code p} of a random length, so that the size of a frame on the
 * wire does not tell the length of a token.
 */
final class EventFrames {
  static final String CONTENT_TYPE = "application/vnd.amazon.eventstream";
  private static final String ALPHABET =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

  private static final byte[] PADDING = bytes(ALPHABET);
  private static final byte[] TEXT_OPENING = bytes("{\"contentBlockIndex\":");
  private static final byte[] TEXT_MIDDLE = bytes(",\"delta\":{\"text\":\"");
  private static final byte[] TEXT_ENDING = bytes("\"},\"p\":\"");
  private static final byte[] TEXT_CLOSING = bytes("\"}");
  private static final int PRELUDE = 12;
  private static final int CHECKSUM = 4;

  /** The type of a header's value. */
  private static final int STRING = 7;

  private final Json json;
  private final IntSupplier paddingLength;

  /** The headers of events, which are few, by type. */
  private final Map<String, byte[]> eventHeaders = new ConcurrentHashMap<>();

  /**
   * Creates a writer of frames.
   *
   * @param paddingLength the length of the next padding, 0 to 62
   */
  EventFrames(Json json, IntSupplier paddingLength) {
    this.json = json;
    this.paddingLength = paddingLength;
  }

  /** A frame of an event. Members are written in alphabetical order, as Bedrock does. */
  byte[] event(String type, ObjectNode payload) {
    payload.put("p", ALPHABET.substring(0, paddingLength.getAsInt()));
    return frame(eventHeaders(type), json.sortedBytes(payload));
  }

  /** A frame of more text in a block: one for each token, so it takes no detour over a tree. */
  byte[] textDelta(int block, String text) {
    byte[] quoted = JsonStringEncoder.getInstance().quoteAsUTF8(text);
    int padding = paddingLength.getAsInt();
    byte[] index = bytes(Integer.toString(block));
    byte[] payload =
        ByteBuffer.allocate(
                TEXT_OPENING.length
                    + index.length
                    + TEXT_MIDDLE.length
                    + quoted.length
                    + TEXT_ENDING.length
                    + padding
                    + TEXT_CLOSING.length)
            .put(TEXT_OPENING)
            .put(index)
            .put(TEXT_MIDDLE)
            .put(quoted)
            .put(TEXT_ENDING)
            .put(PADDING, 0, padding)
            .put(TEXT_CLOSING)
            .array();
    return frame(eventHeaders("contentBlockDelta"), payload);
  }

  private byte[] eventHeaders(String type) {
    byte[] headers = eventHeaders.get(type);
    if (headers == null) {
      headers = headers(":event-type", type, "event");
      eventHeaders.put(type, headers);
    }
    return headers;
  }

  /** A frame of an error that ends the stream. */
  byte[] exception(String type, String message) {
    ObjectNode payload = Json.object();
    payload.put("message", message);
    return frame(headers(":exception-type", type, "exception"), json.bytes(payload));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] headers(String typeHeader, String type, String messageType) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    header(typeHeader, type, out);
    header(":content-type", "application/json", out);
    header(":message-type", messageType, out);
    return out.toByteArray();
  }

  private static void header(String name, String value, ByteArrayOutputStream out) {
    out.write(name.length());
    out.writeBytes(bytes(name));
    out.write(STRING);
    out.write(value.length() >> Byte.SIZE);
    out.write(value.length());
    out.writeBytes(bytes(value));
  }

  /** Prelude with its checksum, headers, payload, and the checksum of all that. */
  private static byte[] frame(byte[] headers, byte[] payload) {
    ByteBuffer frame = ByteBuffer.allocate(PRELUDE + headers.length + payload.length + CHECKSUM);
    CRC32 checksum = new CRC32();
    frame.putInt(frame.capacity()).putInt(headers.length);
    checksum.update(frame.array(), 0, frame.position());
    frame.putInt((int) checksum.getValue());
    frame.put(headers).put(payload);
    checksum.update(frame.array(), PRELUDE - CHECKSUM, frame.position() - PRELUDE + CHECKSUM);
    return frame.putInt((int) checksum.getValue()).array();
  }
}
