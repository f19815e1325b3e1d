package dev.outcrop.serving.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** An HTTP/1.1 client that sends exactly what it is told. */
public final class RawHttp implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  public RawHttp(int port) throws IOException {
    this(port, 0);
  }

  /** One that takes only so much before it is read; 0 for what the system sees fit. */
  public RawHttp(int port, int receiveBuffer) throws IOException {
    this(connected(port, receiveBuffer));
  }

  /** One on a connection that was opened elsewhere. */
  public RawHttp(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(60_000);
    in = new BufferedInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  private static Socket connected(int port, int receiveBuffer) throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true); // head and body are two writes
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    socket.connect(new InetSocketAddress("127.0.0.1", port));
    return socket;
  }

  /** Lets the server take so long for each part of a response; a minute where this is not said. */
  public void waitFor(Duration longest) throws IOException {
    socket.setSoTimeout((int) longest.toMillis());
  }

  /** A response. */
  public record Response(int status, Map<String, String> headers, byte[] body) {
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    public String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }
  }

  /** Posts a JSON body and reads the response. */
  public static Response post(int port, String path, String body) throws IOException {
    try (RawHttp http = new RawHttp(port)) {
      http.write(request("POST", path, body, ""));
      return http.response();
    }
  }

  /** A request's text; more headers end in CRLF each. */
  public static String request(String method, String path, String body, String headers) {
    return "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(method, path, headers, body.getBytes(StandardCharsets.UTF_8).length, body);
  }

  public void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  public void write(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Reads status line and headers, and the body if its length is known. */
  public Response response() throws IOException {
    int status = status();
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    if (headers.containsKey("transfer-encoding")) {
      return new Response(status, headers, chunked());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Response(status, headers, in.readNBytes(length));
  }

  /** Reads the status line alone. */
  public int status() throws IOException {
    return Integer.parseInt(line().split(" ")[1]);
  }

  /** Reads until the stream brought a text, whatever else. */
  public void readUntil(String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("ended without the expected text");
      }
      seen.append((char) b);
    }
  }

  /** Whether the server closed the connection; waits for it. */
  public boolean ended() throws IOException {
    try {
      return in.read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }

  /** Ends the connection as a client that crashes does, not as one that closes it. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private byte[] chunked() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
      body.write(in.readNBytes(size));
      line();
    }
    line();
    return body.toByteArray();
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (b == '\n') {
        return line.toString().stripTrailing();
      }
      line.append((char) b);
    }
  }
}
