package dev.outcrop.serving.testing;

/** Bodies of Converse for tests of what is wrong with one. */
public final class ConverseBody {
  public static final String USER = "{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}";
  public static final String MESSAGES = "\"messages\":[" + USER + "]";
  public static final String TOOL =
      "{\"toolSpec\":{\"name\":\"t\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}";
  public static final String POINT = "{\"cachePoint\":{\"type\":\"default\"}}";
  public static final String TOOLS = "\"toolConfig\":{\"tools\":[" + TOOL + "]}";

  private ConverseBody() {}

  /** A conversation of one block. */
  public static String user(String block) {
    return "{" + messages(block) + "}";
  }

  /** The member of one message of blocks. */
  public static String messages(String... blocks) {
    return "\"messages\":[{\"role\":\"user\",\"content\":[" + String.join(",", blocks) + "]}]";
  }

  /** A conversation with more members, which stand beside its messages. */
  public static String with(String more) {
    return "{" + MESSAGES + "," + more + "}";
  }

  /** One with a field of additionalModelRequestFields. */
  public static String more(String field) {
    return with("\"additionalModelRequestFields\":{" + field + "}");
  }

  /** A conversation with tools, in which the assistant said a block. */
  public static String assistant(String block) {
    return "{%s,\"messages\":[%s,{\"role\":\"assistant\",\"content\":[%s]},%s]}"
        .formatted(TOOLS, USER, block, USER);
  }
}
