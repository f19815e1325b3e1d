package dev.outcrop.serving.auth;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The text that a signature is made of, by AWS Signature Version 4 for services other than S3: the
 * path is encoded once more than it came.
 */
final class CanonicalRequest {
  private static final Pattern SPACES = Pattern.compile(" +");

  private CanonicalRequest() {}

  /**
   * The texts that a client may have signed for a request: most put the path in order first (no
   * empty, {@code .} or {@code ..} segment), some sign it as they send it.
   */
  static List<String> of(RequestHead request, List<String> signedHeaders, String payloadHash) {
    String ordered = ordered(request.rawPath());
    List<String> paths =
        ordered.equals(request.rawPath()) ? List.of(ordered) : List.of(ordered, request.rawPath());
    String rest =
        query(request.rawQuery())
            + "\n"
            + headers(request, signedHeaders)
            + "\n"
            + String.join(";", signedHeaders)
            + "\n"
            + payloadHash;
    return paths.stream()
        .map(
            path ->
                request.method()
                    + "\n"
                    + PercentCode.encoded(path.getBytes(StandardCharsets.UTF_8), true)
                    + "\n"
                    + rest)
        .toList();
  }

  private static String headers(RequestHead request, List<String> names) {
    StringBuilder lines = new StringBuilder();
    for (String name : names) {
      String known = name.equals(":authority") ? "host" : name;
      String value =
          request.headers().apply(known).stream()
              .map(each -> SPACES.matcher(each.strip()).replaceAll(" "))
              .collect(Collectors.joining(","));
      lines.append(name).append(':').append(value).append('\n');
    }
    return lines.toString();
  }

  /** Parameters by name, then value, each decoded and encoded in the one way that is canonical. */
  static String query(String raw) {
    if (raw.isEmpty()) {
      return "";
    }
    return Arrays.stream(raw.split("&"))
        .filter(pair -> !pair.isEmpty())
        .map(
            pair -> {
              int equals = pair.indexOf('=');
              String name = equals < 0 ? pair : pair.substring(0, equals);
              String value = equals < 0 ? "" : pair.substring(equals + 1);
              return new Parameter(recoded(name), recoded(value));
            })
        .sorted()
        .map(each -> each.name + "=" + each.value)
        .collect(Collectors.joining("&"));
  }

  private record Parameter(String name, String value) implements Comparable<Parameter> {
    @Override
    public int compareTo(Parameter other) {
      int byName = name.compareTo(other.name);
      return byName != 0 ? byName : value.compareTo(other.value);
    }
  }

  private static String ordered(String path) {
    Deque<String> segments = new ArrayDeque<>();
    for (String segment : path.split("/", -1)) {
      if (segment.equals("..")) {
        segments.pollLast();
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        segments.addLast(segment);
      }
    }
    boolean open = path.endsWith("/") && !segments.isEmpty();
    return "/" + String.join("/", segments) + (open ? "/" : "");
  }

  private static String recoded(String raw) {
    return PercentCode.encoded(PercentCode.decoded(raw), false);
  }
}
