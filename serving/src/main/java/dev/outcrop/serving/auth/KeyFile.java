package dev.outcrop.serving.auth;

import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The keys that are known, by their hash. A line is {@code SHA256-HEX TENANT WEIGHT TIER}: the
 * weight may be left out and is 1 then, the tier, the highest that requests with the key may take,
 * is default then; {@code #} starts a comment.
 */
public final class KeyFile {
  private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final int HASH_BYTES = 32;
  private static final int MAX_WEIGHT = 1_000;

  private final List<Entry> entries;

  private KeyFile(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** Reads a key file. */
  public static KeyFile read(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "cannot read the key file " + file, e);
    }
    return parse(file.toString(), lines);
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
    return new KeyFile(List.of(new Entry(Authenticator.sha256(key), new Caller.Tenant(tenant, 1))));
  }

  static KeyFile parse(String name, List<String> lines) {
    List<Entry> entries = new ArrayList<>();
    Map<ByteBuffer, Integer> lineOf = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).replaceFirst("#.*", "").strip();
      if (!line.isEmpty()) {
        String where = name + " line " + (i + 1);
        Entry entry = entry(where, line.split("\\s+"));
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

  /** How many keys there are. */
  public int size() {
    return entries.size();
  }

  /** Whose key has this hash, or null. Takes the same time for every hash. */
  @Nullable Caller find(byte[] sha256) {
    Caller found = null;
    for (Entry entry : entries) {
      if (java.security.MessageDigest.isEqual(entry.sha256, sha256)) {
        found = entry.caller;
      }
    }
    return found;
  }

  private static Entry entry(String where, String[] parts) {
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
    return new Entry(hash, new Caller.Tenant(parts[1], weight, tier));
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

  /** One key. No record: its text form must not show the hash. */
  private static final class Entry {
    private final byte[] sha256;
    private final Caller caller;

    Entry(byte[] sha256, Caller caller) {
      this.sha256 = sha256;
      this.caller = caller;
    }
  }
}
