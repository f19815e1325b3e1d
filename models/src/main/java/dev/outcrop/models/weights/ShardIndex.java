package dev.outcrop.models.weights;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.files.CheckpointFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The file {@code model.safetensors.index.json}: which shard holds which tensor. */
final class ShardIndex {
  private static final long MAX_BYTES = 100_000_000;
  private static final int MAX_SHARDS = 10_000;
  private static final int MAX_NAME = 255;
  private static final String SUFFIX = ".safetensors";

  private ShardIndex() {}

  /** Tensor name to shard file name; the shard names are plain names inside the folder. */
  static Map<String, String> read(Path file) {
    JsonNode map = CheckpointFile.object(file, MAX_BYTES).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw invalid(file, "has no weight_map object with entries");
    }
    Map<String, String> shards = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String shard = entry.getValue().isTextual() ? entry.getValue().textValue() : "";
      if (!plain(shard)) {
        throw invalid(
            file,
            "puts tensor '%s' into '%s', which is not the name of a %s file in this folder"
                .formatted(show(entry.getKey()), show(shard), SUFFIX));
      }
      shards.put(entry.getKey(), shard);
    }
    if (shards.values().stream().distinct().count() > MAX_SHARDS) {
      throw invalid(file, "names more than %d shards".formatted(MAX_SHARDS));
    }
    return shards;
  }

  /** No separator of any system, so that a name cannot lead out of the folder. */
  private static boolean plain(String shard) {
    return shard.length() > SUFFIX.length()
        && shard.length() <= MAX_NAME
        && shard.endsWith(SUFFIX)
        && shard.charAt(0) != '.'
        && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
  }
}
