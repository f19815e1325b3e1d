package dev.outcrop.serving.config;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads the policy file, in the same YAML as outcrop.yaml. */
public final class PolicyFile {
  private static final ConfigBinder BINDER =
      new ConfigBinder(
          Map.of(
              PolicyConfig.TenantConfig.class, List.of("id"),
              PolicyConfig.PrincipalConfig.class, List.of("id", "tenant"),
              PolicyConfig.ApiKeyConfig.class, List.of("sha256"),
              PolicyConfig.AccessKeyConfig.class, List.of("id", "secret")));

  private static final Pattern UNKNOWN =
      Pattern.compile(
          "^(line \\d+:) .* is not a known key; did you mean ([a-z0-9-]*)\\?$", Pattern.DOTALL);
  private static final Pattern TWICE = Pattern.compile("the key .* is there twice", Pattern.DOTALL);
  private static final Pattern ALIAS =
      Pattern.compile("the alias .* is not supported", Pattern.DOTALL);

  private PolicyFile() {}

  /**
   * Reads a file's content.
   *
   * @param name the file, for messages
   * @throws OutcropException that names file, line and key where something is wrong, never a value
   */
  public static PolicyConfig parse(String name, byte[] content) {
    PolicyConfig policy;
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
      policy = BINDER.bind(YamlNode.read(text), PolicyConfig.class);
    } catch (CharacterCodingException e) {
      throw new OutcropException(ServingError.CONFIG_INVALID, name + " is not UTF-8");
    } catch (IllegalArgumentException e) {
      // Without its cause, which may quote the file, and so a secret.
      throw new OutcropException(
          ServingError.CONFIG_INVALID, name + " " + discreet(String.valueOf(e.getMessage())));
    }
    if (policy.principals().isEmpty()) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID, name + " names no principal, so nobody could call");
    }
    return policy;
  }

  /** A message without what may be a secret that stands in the place of a key. */
  private static String discreet(String message) {
    String known = UNKNOWN.matcher(message).replaceFirst("$1 a key is not known; did you mean $2?");
    return ALIAS
        .matcher(TWICE.matcher(known).replaceFirst("a key is there twice"))
        .replaceFirst("an alias is not supported");
  }
}
