package dev.outcrop.serving.plan;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.prices.Prices;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the configuration of a model: in its folder, or among those that come along by id. */
public final class Presets {
  /** Models whose shape is known without files. */
  public static final List<String> IDS =
      List.of("meta.llama3-1-8b-instruct", "meta.llama3-1-70b-instruct");

  private Presets() {}

  /**
   * Reads the configuration of a folder, or of a model that comes along.
   *
   * @throws OutcropException where it is neither
   */
  public static DecoderConfig config(String folderOrId) {
    Path folder = Path.of(folderOrId);
    if (Files.isDirectory(folder)) {
      return DecoderConfig.read(folder);
    }
    for (String name : Prices.names(folderOrId)) {
      if (IDS.contains(name)) {
        return preset(name);
      }
    }
    throw new OutcropException(
        ServingError.CONFIG_INVALID,
        "%s is neither a folder nor a model whose shape comes along: %s"
            .formatted(folderOrId, String.join(", ", IDS)));
  }

  private static DecoderConfig preset(String id) {
    String name = id + ".json";
    try (InputStream in = Presets.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing");
      }
      return DecoderConfig.parse(name, in.readAllBytes());
    } catch (IOException e) {
      throw new IllegalStateException(name + " cannot be read", e);
    }
  }
}
