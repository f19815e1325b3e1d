package dev.outcrop.serving.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/**
 * An HTTP/2 client with prior knowledge, frame by frame (RFC 9113; HPACK with names of the static
 * table).
 */
public final class RawHttp2 implements AutoCloseable {
  public static final int DATA = 0;
  public static final int HEADERS = 1;
  public static final int RST_STREAM = 3;
  public static final int SETTINGS = 4;
  public static final int PING = 6;
  public static final int GOAWAY = 7;
  public static final int WINDOW_UPDATE = 8;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int METHOD_POST = 3;
  private static final int SCHEME_HTTP = 6;
  private static final byte AUTHORITY = 1;
  private static final byte PATH = 4;

  /** A name of the static table past index 15, not indexed: content-length is 28. */
  private static final byte LITERAL = 15;

  private static final byte CONTENT_LENGTH = 28 - 15;
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  public RawHttp2(int port) throws IOException {
    this(new Socket("127.0.0.1", port));
  }

  /** One on a connection that was opened elsewhere. */
  public RawHttp2(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(60_000);
    in = new DataInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  /** A frame. */
  public record Frame(int type, int flags, int stream, byte[] payload) {
    public boolean endsStream() {
      return (flags & END_STREAM) != 0 && (type == DATA || type == HEADERS);
    }
  }

  /** Sends preface and settings in pieces of a size. */
  public void open(int pieceSize) throws IOException {
    byte[] all = concat(PREFACE, frame(SETTINGS, 0, 0, new byte[0]));
    for (int at = 0; at < all.length; at += pieceSize) {
      out.write(all, at, Math.min(pieceSize, all.length - at));
      out.flush();
      if (pieceSize < all.length) {
        pause();
      }
    }
  }

  /** Sends the head of a POST whose body does not follow. */
  public void begin(int stream, String path, int contentLength) throws IOException {
    byte[] length =
        concat(new byte[] {LITERAL, CONTENT_LENGTH}, string(String.valueOf(contentLength)));
    out.write(frame(HEADERS, END_HEADERS, stream, concat(head(path), length)));
    out.flush();
  }

  /** Sends a POST with a JSON body. */
  public void post(int stream, String path, String body) throws IOException {
    byte[] data = body.getBytes(StandardCharsets.UTF_8);
    out.write(frame(HEADERS, END_HEADERS, stream, head(path)));
    for (int at = 0; at < data.length || at == 0; at += 16_000) {
      int length = Math.min(16_000, data.length - at);
      byte[] part = java.util.Arrays.copyOfRange(data, at, at + length);
      out.write(frame(DATA, at + length == data.length ? END_STREAM : 0, stream, part));
      if (length == 0) {
        break;
      }
    }
    out.flush();
  }

  /** Sends bytes as they are. */
  public void write(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Says that nothing more comes, and reads on. */
  public void endOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** Sends a frame. */
  public void send(int type, int stream, byte[] payload) throws IOException {
    out.write(frame(type, 0, stream, payload));
    out.flush();
  }

  /** A GOAWAY with an error code. */
  public void goAway(int code) throws IOException {
    send(GOAWAY, 0, ByteBuffer.allocate(8).putInt(0).putInt(code).array());
  }

  /** A ping; returns when it was answered. */
  public void ping() throws IOException {
    send(PING, 0, new byte[8]);
    while (next().type != PING) {
      // what else is on its way
    }
  }

  /** The next frame. */
  public Frame next() throws IOException {
    int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    int stream = in.readInt();
    byte[] payload = in.readNBytes(length);
    if (type == GOAWAY) {
      int code = ByteBuffer.wrap(payload).getInt(Integer.BYTES);
      if (code != 0) {
        throw new EOFException("GOAWAY with error code " + code);
      }
    }
    return new Frame(type, flags, stream, payload);
  }

  /** Reads until the server asks for no more streams; the last one that it serves. */
  public int untilGoAway() throws IOException {
    while (true) {
      Frame frame = next();
      if (frame.type == GOAWAY) {
        return ByteBuffer.wrap(frame.payload).getInt();
      }
    }
  }

  /** Reads until data of a stream came. */
  public byte[] untilData(int stream) throws IOException {
    while (true) {
      Frame frame = next();
      if (frame.type == DATA && frame.stream == stream && frame.payload.length > 0) {
        return frame.payload;
      }
    }
  }

  /** The data of a stream to its end. */
  public byte[] rest(int stream) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    while (true) {
      Frame frame = next();
      if (frame.stream != stream) {
        continue;
      }
      if (frame.type == RST_STREAM) {
        throw new EOFException("the stream was reset");
      }
      if (frame.type == DATA) {
        data.write(frame.payload);
      }
      if (frame.endsStream()) {
        return data.toByteArray();
      }
    }
  }

  /** Reads until the server closed the connection, with GOAWAY or without. */
  public void untilEnd() {
    try {
      while (true) {
        next();
      }
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the connection is still open", e);
    } catch (IOException e) {
      // That is the end.
    }
  }

  /** The event stream messages that bytes hold. */
  public static List<Message> messages(byte[]... parts) {
    List<Message> messages = new ArrayList<>();
    MessageDecoder decoder = new MessageDecoder(messages::add);
    for (byte[] part : parts) {
      decoder.feed(ByteBuffer.wrap(part));
    }
    return messages;
  }

  /** The text that the deltas of an answer bring together. */
  public static String text(List<Message> messages) {
    StringBuilder text = new StringBuilder();
    for (Message message : messages) {
      String payload = new String(message.getPayload(), StandardCharsets.UTF_8);
      int at = payload.indexOf("\"text\":\"");
      if (at >= 0) {
        text.append(payload, at + 8, payload.indexOf('"', at + 8));
      }
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** The head of a POST request, in HPACK. */
  public static byte[] head(String path) {
    return concat(
        new byte[] {(byte) (0x80 | METHOD_POST), (byte) (0x80 | SCHEME_HTTP), AUTHORITY},
        string("localhost"),
        new byte[] {PATH},
        string(path));
  }

  /** A frame's bytes. */
  public static byte[] frame(int type, int flags, int stream, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload)
        .array();
  }

  private static byte[] string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int length = bytes.length;
    if (length < 127) {
      out.write(length);
    } else {
      out.write(127);
      for (length -= 127; length >= 128; length >>= 7) {
        out.write(length & 127 | 128);
      }
      out.write(length);
    }
    out.writeBytes(bytes);
    return out.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Lets the piece reach the server as a segment of its own; nothing depends on it. */
  private static void pause() {
    java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
  }
}
