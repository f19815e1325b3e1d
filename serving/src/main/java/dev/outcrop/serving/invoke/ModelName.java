package dev.outcrop.serving.invoke;

import dev.outcrop.serving.generate.ServedModel;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The name that a model goes by on Bedrock, such as {@code mistral.mixtral-8x7b-instruct-v0:1}. It
 * tells bodies apart that have the same keys.
 *
 * @param provider the part before the dot, empty where there is no such name
 * @param model the part after it
 */
public record ModelName(String provider, String model) {
  private static final ModelName NONE = new ModelName("", "");
  private static final Pattern IMPORTED = Pattern.compile("arn:aws[a-z-]*:bedrock:.*:imported-.*");
  private static final Pattern NAME =
      Pattern.compile(
          "(?:^|[./])(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot"
              + "|moonshotai|nvidia|openai|qwen|writer|zai)\\.(.+)");

  /**
   * The name of a model. That in the URL counts, bare or in an ARN or an inference profile; where
   * the URL has none, that of the operator's own id, then that of an alias. Imported models have
   * none: Bedrock goes by their bodies' keys alone.
   *
   * @param urlId the model id of the URL, decoded
   */
  public static ModelName of(String urlId, ServedModel model) {
    if (IMPORTED.matcher(urlId).matches()) {
      return NONE;
    }
    return Stream.concat(Stream.of(urlId, model.id()), model.aliases().stream())
        .map(ModelName::in)
        .flatMap(Optional::stream)
        .findFirst()
        .orElse(NONE);
  }

  /** Whether a provider made it. */
  public boolean isOf(String name) {
    return provider.equals(name);
  }

  private static Optional<ModelName> in(String id) {
    Matcher name = NAME.matcher(id);
    return name.find()
        ? Optional.of(new ModelName(name.group(1), name.group(2)))
        : Optional.empty();
  }
}
