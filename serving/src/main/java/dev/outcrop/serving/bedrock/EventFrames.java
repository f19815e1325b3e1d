package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;

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

  private final Json json;
  private final IntSupplier paddingLength;

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
    return frame(":event-type", type, "event", json.sortedBytes(payload));
  }

  /** A frame of an error that ends the stream. */
  byte[] exception(String type, String message) {
    ObjectNode payload = Json.object();
    payload.put("message", message);
    return frame(":exception-type", type, "exception", json.bytes(payload));
  }

  private static byte[] frame(String typeHeader, String type, String messageType, byte[] payload) {
    Map<String, HeaderValue> headers = new LinkedHashMap<>();
    headers.put(typeHeader, HeaderValue.fromString(type));
    headers.put(":content-type", HeaderValue.fromString("application/json"));
    headers.put(":message-type", HeaderValue.fromString(messageType));
    var buffer = new Message(headers, payload).toByteBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
