package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.embed.Scored;
import dev.outcrop.serving.json.Fields;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The last rankings that did not fit into one answer, so that their next page needs no second run
 * of the model and follows the same order. A token says where a page begins and to which request it
 * belongs; with one that this process does not remember the ranking is made again. Any thread.
 */
final class RankingMemory {
  private static final int MOST = 64;
  private static final Pattern TOKEN = Pattern.compile("(\\d{1,4})-([A-Za-z0-9_-]{43})");

  private final Map<String, List<Scored>> rankings = new LinkedHashMap<>();

  /**
   * A page of a ranking.
   *
   * @param request stands for the request and whose it is
   * @param from its first result
   */
  record Page(String request, int from) {
    /** The token of the next page. */
    String token(int next) {
      return next + "-" + request;
    }
  }

  /**
   * The page that a token means.
   *
   * @param token null for the first page
   * @param body the request without the token
   * @param count results of all pages
   */
  static Page page(@Nullable String token, String tenant, byte[] body, int count) {
    String request = digest(tenant, body);
    if (token == null) {
      return new Page(request, 0);
    }
    Matcher parts = TOKEN.matcher(token);
    if (!parts.matches()
        || !parts.group(2).equals(request)
        || Integer.parseInt(parts.group(1)) >= count) {
      throw Fields.invalid("nextToken is not valid for this request");
    }
    return new Page(request, Integer.parseInt(parts.group(1)));
  }

  synchronized @Nullable List<Scored> find(String request) {
    return rankings.get(request);
  }

  synchronized void keep(String request, List<Scored> ranked) {
    rankings.remove(request);
    rankings.put(request, List.copyOf(ranked));
    if (rankings.size() > MOST) {
      rankings.remove(rankings.keySet().iterator().next());
    }
  }

  private static String digest(String tenant, byte[] body) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      hash.update(tenant.getBytes(StandardCharsets.UTF_8));
      hash.update((byte) 0);
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash.digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
