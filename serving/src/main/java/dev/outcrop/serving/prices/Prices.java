package dev.outcrop.serving.prices;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.error.ServingError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The price table: what instances and Bedrock's models cost, each row with its source. {@code
 * prices.yaml} is part of this module; a file of an operator's may be laid over it. Immutable.
 */
public final class Prices {
  private static final String OWN = "prices.yaml";
  private static final String ROWS = "hourly";
  private static final long MAX_BYTES = 1_000_000;

  /** Versions of a model cost the same: {@code -v1:0}, {@code -1:0}, {@code :0:128k}. */
  private static final Pattern VERSION = Pattern.compile("(-v?\\d+)?:\\d+(:[a-z0-9]+)?$|-v\\d+$");

  private static final ObjectMapper YAML =
      new ObjectMapper(
          YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final String date;
  private final Map<String, Instance> instances;
  private final Map<String, BedrockPrice> bedrock; // by id
  private final Map<String, BedrockPrice> plain; // by id without its version
  private final Map<String, Mode> modes;

  Prices(
      String date,
      Map<String, Instance> instances,
      Map<String, BedrockPrice> bedrock,
      Map<String, Mode> modes) {
    this.date = date;
    this.instances = Collections.unmodifiableMap(instances);
    this.bedrock = Collections.unmodifiableMap(bedrock);
    Map<String, BedrockPrice> folded = new LinkedHashMap<>();
    bedrock.forEach((id, price) -> folded.putIfAbsent(plain(id), price));
    this.plain = Collections.unmodifiableMap(folded);
    this.modes = Collections.unmodifiableMap(modes);
  }

  /** The table as it was built. */
  public static Prices builtIn() {
    return read(null);
  }

  /**
   * The table with a file laid over it: rows of the same name take its place, others come behind.
   *
   * @param over the file; null for none
   * @throws OutcropException {@code CONFIG_INVALID} that names file and field
   */
  public static Prices read(@Nullable Path over) {
    JsonNode own = own();
    if (over == null) {
      return new PriceReader(OWN, own).read();
    }
    JsonNode theirs = tree(over);
    if (!theirs.isObject()) {
      throw new OutcropException(ServingError.CONFIG_INVALID, over + ": must hold a mapping");
    }
    lay((ObjectNode) theirs, (ObjectNode) own, over.toString());
    return new PriceReader(over.toString(), own).read();
  }

  private static void lay(ObjectNode from, ObjectNode onto, String file) {
    for (Map.Entry<String, JsonNode> field : from.properties()) {
      String name = field.getKey();
      JsonNode below = onto.get(name);
      if (below == null) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID, "%s: %s is not a known key".formatted(file, name));
      }
      switch (field.getValue()) {
        case ArrayNode rows when name.equals(ROWS) -> ((ArrayNode) below).addAll(rows);
        case ObjectNode rows when below instanceof ObjectNode known -> known.setAll(rows);
        case JsonNode value when value.isValueNode() && below.isValueNode() ->
            onto.set(name, value);
        default ->
            throw new OutcropException(
                ServingError.CONFIG_INVALID, "%s: %s has another form".formatted(file, name));
      }
    }
  }

  private static JsonNode own() {
    try (InputStream in = Objects.requireNonNull(Prices.class.getResourceAsStream(OWN))) {
      return YAML.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException("the price table cannot be read", e);
    }
  }

  private static JsonNode tree(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new OutcropException(
            ServingError.CONFIG_INVALID, "%s: has more than %d bytes".formatted(file, MAX_BYTES));
      }
      return YAML.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "%s: cannot be read as YAML: %s".formatted(file, firstLine(e)),
          e);
    }
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** When the table was put together. */
  public String date() {
    return date;
  }

  /** All instances, in the order of the table. */
  public Collection<Instance> instances() {
    return instances.values();
  }

  /** An instance by its type. */
  public Optional<Instance> instance(String type) {
    return Optional.ofNullable(instances.get(type));
  }

  /**
   * What Bedrock charges for a model. An ARN and the prefix of a region ({@code us.}) make no
   * difference, nor does the version behind an id where the table does not have that very one.
   */
  public Optional<BedrockPrice> bedrock(String id) {
    List<String> names = ModelIds.candidates(id);
    return Stream.concat(
            names.stream().map(name -> bedrock.get(name.toLowerCase(Locale.ROOT))),
            names.stream().map(name -> plain.get(plain(name))))
        .filter(Objects::nonNull)
        .findFirst();
  }

  /** Ways to call Bedrock at another price. */
  public Collection<Mode> modes() {
    return modes.values();
  }

  /** What a model may be called by, in lower case and without versions. */
  public static List<String> names(String id) {
    return ModelIds.candidates(id).stream().map(Prices::plain).toList();
  }

  /** An id in lower case and without its version. */
  static String plain(String id) {
    return VERSION.matcher(id.toLowerCase(Locale.ROOT)).replaceFirst("");
  }
}
