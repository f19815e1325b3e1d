package dev.outcrop.k8s.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code signals.yaml}. Unknown keys are errors, as are values of another kind; every message
 * names file and key.
 */
public final class SignalsFile {
  /** What a file that does not say otherwise means. */
  static final String DEFAULTS =
      """
      poll: 5s
      lease: {name: outcrop-signals, duration: 15s, renew-deadline: 10s, retry: 2s}
      deletion-cost: true
      management: {host: 0.0.0.0, port: 8082}
      scaler: {enabled: false, host: 0.0.0.0, port: 9091}
      external-metrics: {enabled: false, host: 0.0.0.0, port: 6443}
      """;

  /** What each model means that does not say otherwise. */
  static final String MODEL_DEFAULTS =
      """
      management-port: 8081
      min: 1
      max: 1
      ttft-budget: 2s
      kv-target: 0.8
      prefill-target: 0.7
      prefill-tokens-per-second: 0
      knee: 0
      longest-prompt: 0
      up-factor: 2
      up-replicas: 2
      up-interval: 1m
      startup: 2m
      patience: 15m
      scale-down-window: 5m
      down-replicas: 1
      down-interval: 1m
      burn-polls: 4
      burn-share: 0.2
      silent-share: 0.5
      """;

  private static final YAMLMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .addModule(new SimpleModule().addDeserializer(Duration.class, new Durations()))
          .build();

  private SignalsFile() {}

  /**
   * Reads a file.
   *
   * @param environment where POD_NAMESPACE and POD_NAME stand in for {@code namespace} and {@code
   *     identity}
   * @throws IllegalArgumentException where the file cannot be read or says something wrong
   */
  public static SignalsConfig read(Path file, Map<String, String> environment) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " cannot be read: " + e, e);
    }
    return parse(text, String.valueOf(file.getFileName()), environment);
  }

  static SignalsConfig parse(String text, String name, Map<String, String> environment) {
    try {
      ObjectNode settings = mapping(YAML.readTree(DEFAULTS));
      merge(settings, mapping(YAML.readTree(text)));
      standIn(settings, "namespace", environment.get("POD_NAMESPACE"));
      standIn(settings, "identity", environment.get("POD_NAME"));
      if (settings.get("models") instanceof ArrayNode models) {
        for (int i = 0; i < models.size(); i++) {
          if (models.get(i) instanceof ObjectNode model) {
            models.set(i, merge(mapping(YAML.readTree(MODEL_DEFAULTS)), model));
          }
        }
      }
      return YAML.treeToValue(settings, SignalsConfig.class);
    } catch (JsonMappingException e) {
      throw new IllegalArgumentException(name + ": " + message(e), e);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new IllegalArgumentException(
          "%s: line %d: %s"
              .formatted(name, at == null ? 0 : at.getLineNr(), e.getOriginalMessage()),
          e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  private static ObjectNode mapping(@Nullable JsonNode node) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException("the file must be a mapping of keys");
  }

  /** Lays a tree over another; a key without a value leaves what was there. */
  private static ObjectNode merge(ObjectNode under, ObjectNode over) {
    for (Map.Entry<String, JsonNode> entry : over.properties()) {
      JsonNode value = entry.getValue();
      if (under.get(entry.getKey()) instanceof ObjectNode below
          && value instanceof ObjectNode above) {
        merge(below, above);
      } else if (value.isNull() || (value.isTextual() && value.textValue().isEmpty())) {
        under.putIfAbsent(entry.getKey(), under.nullNode());
      } else {
        under.set(entry.getKey(), value);
      }
    }
    return under;
  }

  private static void standIn(ObjectNode settings, String key, @Nullable String value) {
    if (value != null && !settings.hasNonNull(key)) {
      settings.put(key, value);
    }
  }

  private static String message(JsonMappingException failure) {
    String path = path(failure);
    if (failure instanceof UnrecognizedPropertyException unknown) {
      Collection<Object> known = unknown.getKnownPropertyIds();
      return "%s is not a known key; known are %s"
          .formatted(path, known == null ? "none" : new TreeSet<>(known));
    }
    if (failure instanceof ValueInstantiationException invalid
        && invalid.getCause() instanceof IllegalArgumentException cause) {
      return (path.isEmpty() ? "" : path + ".") + cause.getMessage();
    }
    if (failure instanceof MismatchedInputException mismatch) {
      return path + " " + expected(mismatch);
    }
    return path + " " + failure.getOriginalMessage();
  }

  private static String expected(MismatchedInputException mismatch) {
    Class<?> type = mismatch.getTargetType();
    if (type == int.class || type == Integer.class) {
      return "must be a whole number";
    } else if (type == double.class) {
      return "must be a number";
    } else if (type == boolean.class) {
      return "must be true or false";
    } else if (type == Duration.class) {
      return Durations.FORM;
    } else if (type != null && Collection.class.isAssignableFrom(type)) {
      return "must be a list";
    } else if (type == String.class || type == Path.class) {
      return "must be a single value";
    }
    return "must be a mapping of keys";
  }

  private static String path(JsonMappingException failure) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : failure.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }

  /** A duration such as 500ms, 5s, 10m or 1h. */
  private static final class Durations extends StdDeserializer<Duration> {
    static final String FORM = "must be a duration such as 500ms, 30s, 5m or 1h";

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m|h)");

    Durations() {
      super(Duration.class);
    }

    @Override
    public Duration deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      Matcher form = DURATION.matcher(parser.getText());
      if (!form.matches()) {
        throw MismatchedInputException.from(parser, Duration.class, FORM);
      }
      long amount = Long.parseLong(form.group(1));
      return switch (form.group(2)) {
        case "ms" -> Duration.ofMillis(amount);
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        default -> Duration.ofHours(amount);
      };
    }
  }
}
