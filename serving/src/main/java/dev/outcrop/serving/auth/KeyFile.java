package dev.outcrop.serving.auth;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The keys that are known, by their hash. A line is {@code SHA256-HEX TENANT WEIGHT TIER}: the
 * weight may be left out and is 1 then, the tier, the highest that requests with the key may take,
 * is default then; {@code #} starts a comment.
 */
public final class KeyFile {
  private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final int HASH_BYTES = 32;
  private static final int MAX_WEIGHT = 1_000;

  private final Principals principals;

  private KeyFile(List<ApiKey> keys) {
    this.principals = Principals.of(keys);
  }

  /**
   * Reads a key file's content.
   *
   * @param name the file, for messages
   */
  public static KeyFile parse(String name, byte[] content) {
    return parse(name, new String(content, StandardCharsets.UTF_8).lines().toList());
  }

  /** The one key that a file holds in the clear, white space around it aside. */
  public static KeyFile readSingle(Path file, int least, String tenant) {
    String key;
    try {
      key = Files.readString(file).strip();
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "cannot read the key file " + file, e);
    }
    if (key.length() < least || key.lines().count() > 1) {
      throw invalid(
          file.toString(), "must hold one line, a key of at least %d characters".formatted(least));
    }
    return single(key, tenant);
  }

  /** One key, in the clear, and nobody else's. */
  public static KeyFile single(String key, String tenant) {
    return new KeyFile(List.of(new ApiKey(Hashes.sha256(key), new Caller.Tenant(tenant, 1), null)));
  }

  static KeyFile parse(String name, List<String> lines) {
    List<ApiKey> entries = new ArrayList<>();
    Map<ByteBuffer, Integer> lineOf = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("#.*", "").strip();
      if (!line.isEmpty()) {
        String where = name + " line " + (i + 1);
        ApiKey entry = entry(where, line.split("\\s+"));
        Integer before = lineOf.putIfAbsent(ByteBuffer.wrap(entry.sha256), i + 1);
        if (before != null) {
          throw invalid(where, "the hash is that of line %d again".formatted(before));
        }
        entries.add(entry);
      }
    }
    if (entries.isEmpty()) {
      throw invalid(name, "holds no key");
    }
    return new KeyFile(entries);
  }

  /** Whose keys they are. */
  public Principals principals() {
    return principals;
  }

  private static ApiKey entry(String where, String[] parts) {
    if (parts.length < 2 || parts.length > 4) {
      throw invalid(where, "must be: SHA256-HEX TENANT [WEIGHT [TIER]]");
    }
    byte[] hash;
    try {
      hash = HexFormat.of().parseHex(parts[0].toLowerCase(java.util.Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw invalid(where, "the first word must be the SHA-256 of a key in hex");
    }
    if (hash.length != HASH_BYTES) {
      throw invalid(where, "the first word must be the SHA-256 of a key in hex, 64 digits");
    }
    if (!TENANT.matcher(parts[1]).matches()) {
      throw invalid(where, "the tenant must match " + TENANT);
    }
    int weight = parts.length < 3 ? 1 : weight(where, parts[2]);
    Tier tier = parts.length < 4 ? Tier.DEFAULT : tier(where, parts[3]);
    return new ApiKey(hash, new Caller.Tenant(parts[1], weight, tier), null);
  }

  private static Tier tier(String where, String word) {
    return Tier.of(word)
        .orElseThrow(
            () ->
                invalid(
                    where,
                    "the tier must be one of "
                        + Stream.of(Tier.values()).map(Tier::word).toList()));
  }

  private static int weight(String where, String word) {
    try {
      int weight = Integer.parseInt(word);
      if (weight >= 1 && weight <= MAX_WEIGHT) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // told below, like a number out of range
    }
    throw invalid(where, "the weight must be an integer between 1 and " + MAX_WEIGHT);
  }

  private static OutcropException invalid(String where, String what) {
    return new OutcropException(ServingError.CONFIG_INVALID, where + ": " + what);
  }
}
