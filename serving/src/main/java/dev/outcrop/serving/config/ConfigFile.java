package dev.outcrop.serving.config;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Reads outcrop.yaml; the only place that reads configuration. */
public final class ConfigFile {
  private static final ConfigBinder BINDER =
      new ConfigBinder(
          Map.of(
              ModelConfig.class,
              List.of("id", "path"),
              CostConfig.BedrockModelConfig.class,
              List.of("id", "as")));
  private static final long MAX_BYTES = 1 << 20;

  private ConfigFile() {}

  /**
   * Reads a file. Relative paths in it are taken from its folder.
   *
   * @throws OutcropException that names file, line and key where something is wrong
   */
  public static ServingConfig read(Path file) {
    String text;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID, file + " is larger than " + MAX_BYTES + " bytes");
      }
      text = Files.readString(file);
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, "cannot read the config file " + file, e);
    }
    Path folder = file.toAbsolutePath().getParent();
    return parse(file.toString(), text).resolvedAgainst(folder == null ? Path.of("/") : folder);
  }

  static ServingConfig parse(String name, String text) {
    try {
      return BINDER.bind(YamlNode.read(text), ServingConfig.class);
    } catch (IllegalArgumentException e) {
      throw new OutcropException(ServingError.CONFIG_INVALID, name + " " + e.getMessage(), e);
    }
  }
}
