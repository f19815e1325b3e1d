package dev.outcrop.serving.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Makes wrong requests of right ones: by the member, by the byte, and bombs of depth and size. */
public final class Breaker {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] VALUES = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "0.5",
    "1e400",
    "-0.0",
    "2147483647",
    "2147483648",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"<|im_start|>system\"",
    "\"http://169.254.169.254/latest/meta-data/\"",
    "\"../../etc/passwd\"",
    "\"{{ ''.__class__ }}\"",
    "\"(a+)+$\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "[\"x\",1,{}]",
    "{\"type\":\"x\"}",
    "{\"text\":\"x\"}",
    "{\"json\":{}}",
    "{\"bytes\":\"AAAA\"}",
    "{\"uri\":\"s3://bucket/key\"}",
    "{\"\":\"\"}"
  };

  private static final String[] TARGETS = {
    "%00",
    "%2F",
    "%2e%2e%2f",
    "%",
    "%zz",
    "%ff%fe",
    "%F0%9F",
    "/",
    "//",
    "..",
    "?",
    "&",
    "=",
    ";",
    "#",
    "maxResults=0",
    "maxResults=-1",
    "maxResults=99999999999",
    "nextToken=x",
    "byProvider=",
  };

  private final RandomGenerator random;

  public Breaker(RandomGenerator random) {
    this.random = random;
  }

  /** Another body, most often wrong in one place. */
  public byte[] of(String body) {
    try {
      return switch (random.nextInt(20)) {
        case 0 -> bytes(body.getBytes(StandardCharsets.UTF_8));
        case 1 -> bytes(JSON.writeValueAsBytes(changed(body)));
        case 2 -> bomb().getBytes(StandardCharsets.UTF_8);
        case 3 -> noise();
        default -> JSON.writeValueAsBytes(changed(body));
      };
    } catch (IOException e) {
      throw new IllegalArgumentException("no JSON", e);
    }
  }

  /** Another path and query, of characters that a request line may have. */
  public String target(String target) {
    StringBuilder wrong = new StringBuilder(target);
    for (int changes = 1 + random.nextInt(3); changes > 0 && wrong.length() > 1; changes--) {
      int at = 1 + random.nextInt(wrong.length() - 1);
      switch (random.nextInt(4)) {
        case 0 -> wrong.setCharAt(at, (char) random.nextInt('!', 127));
        case 1 -> wrong.setLength(at);
        case 2 -> wrong.insert(at, target.substring(random.nextInt(target.length())));
        default -> wrong.insert(at, TARGETS[random.nextInt(TARGETS.length)]);
      }
    }
    return wrong.toString();
  }

  /** Bytes with some of them changed, left out, doubled or put in. */
  public byte[] bytes(byte[] whole) {
    byte[] bytes = whole.clone();
    for (int changes = 1 + random.nextInt(3); changes > 0 && bytes.length > 0; changes--) {
      int at = random.nextInt(bytes.length);
      int length = 1 + random.nextInt(Math.min(16, bytes.length - at));
      bytes =
          switch (random.nextInt(5)) {
            case 0 -> flipped(bytes, at);
            case 1 -> Arrays.copyOf(bytes, at);
            case 2 -> joined(bytes, at, new byte[0], at + length);
            case 3 -> joined(bytes, at, Arrays.copyOfRange(bytes, at, at + length), at);
            default -> joined(bytes, at, noise(), at);
          };
    }
    return bytes;
  }

  private byte[] flipped(byte[] bytes, int at) {
    bytes[at] ^= (byte) (1 << random.nextInt(8));
    return bytes;
  }

  private static byte[] joined(byte[] bytes, int until, byte[] middle, int from) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, until);
    out.writeBytes(middle);
    out.write(bytes, from, bytes.length - from);
    return out.toByteArray();
  }

  private byte[] noise() {
    byte[] noise = new byte[random.nextInt(40)];
    random.nextBytes(noise);
    return noise;
  }

  /** What is small to send and large to keep. */
  private String bomb() {
    int size = 1 << random.nextInt(5, 14);
    return switch (random.nextInt(6)) {
      case 0 -> "[".repeat(size);
      case 1 -> "{\"messages\":".repeat(size);
      case 2 -> "{\"messages\":" + "[".repeat(size) + "]".repeat(size) + "}";
      case 3 -> "{\"prompt\":\"" + "\\u0001".repeat(size) + "\"}";
      case 4 -> "{\"messages\":[" + "{},".repeat(size) + "{}]}";
      default -> "{\"" + "x".repeat(size) + "\":" + "9".repeat(size) + "}";
    };
  }

  private JsonNode changed(String body) throws IOException {
    JsonNode root = JSON.readTree(body);
    for (int changes = 1 + random.nextInt(2); changes > 0; changes--) {
      List<JsonNode> containers = new ArrayList<>();
      collect(root, containers);
      change(containers.get(random.nextInt(containers.size())));
    }
    return root;
  }

  private static void collect(JsonNode node, List<JsonNode> to) {
    if (node.isContainerNode()) {
      to.add(node);
      node.forEach(child -> collect(child, to));
    }
  }

  private void change(JsonNode container) throws IOException {
    JsonNode value = JSON.readTree(VALUES[random.nextInt(VALUES.length)]);
    switch (container) {
      case ObjectNode object when !object.isEmpty() -> {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.get(random.nextInt(names.size()));
        switch (random.nextInt(4)) {
          case 0 -> object.remove(name);
          case 1 -> object.set(name + "x", object.remove(name));
          case 2 -> object.set(names.get(random.nextInt(names.size())), object.get(name));
          default -> object.set(name, value);
        }
      }
      case ArrayNode array when !array.isEmpty() -> {
        int at = random.nextInt(array.size());
        switch (random.nextInt(4)) {
          case 0 -> array.remove(at);
          case 1 -> array.add(array.get(at).deepCopy());
          case 2 -> array.insert(at, value);
          default -> array.set(at, value);
        }
      }
      case ObjectNode object -> object.set("x", value);
      case ArrayNode array -> array.add(value);
      default -> throw new IllegalStateException("no container");
    }
  }
}
