package dev.outcrop.models.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads the JSON files of a checkpoint folder as the untrusted input they are: bounded size and
 * depth, strict UTF-8, no duplicate keys, no trailing text. Called while a model loads, on any
 * thread.
 */
public final class CheckpointFile {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_SHOWN = 200;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNumberLength(100)
                  .maxNameLength(64 * 1024)
                  .build())
          .build();
  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private CheckpointFile() {}

  /** Reads a whole file, or fails with an error that names it. */
  public static byte[] bytes(Path file, long maxBytes) {
    try {
      if (!Files.isRegularFile(file)) {
        throw invalid(file, Files.exists(file) ? "is not a regular file" : "is missing");
      }
      long size = Files.size(file);
      if (size > maxBytes) {
        throw invalid(file, "has %d bytes, more than the %d allowed".formatted(size, maxBytes));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Reads a file that holds one JSON object. */
  public static JsonNode object(Path file, long maxBytes) {
    return object(file, bytes(file, maxBytes));
  }

  /** Reads what is or could be a file with one JSON object; the file is for messages only. */
  public static JsonNode object(Path file, byte[] bytes) {
    JsonNode node = node(file, bytes);
    if (!node.isObject()) {
      throw invalid(file, "does not hold a JSON object");
    }
    return node;
  }

  /** Reads a file that holds one JSON array. */
  public static JsonNode array(Path file, long maxBytes) {
    JsonNode node = node(file, bytes(file, maxBytes));
    if (!node.isArray()) {
      throw invalid(file, "does not hold a JSON array");
    }
    return node;
  }

  private static JsonNode node(Path file, byte[] bytes) {
    try {
      return MAPPER.readTree(text(file, bytes));
    } catch (JsonProcessingException e) {
      throw badJson(file, e);
    }
  }

  /** Reads a text file. */
  public static String text(Path file, long maxBytes) {
    return text(file, bytes(file, maxBytes));
  }

  /** Decodes strictly: JSON parsers guess other encodings, and bad bytes must not pass silently. */
  public static String text(Path file, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new OutcropException(
          ModelError.CHECKPOINT_INVALID, file + ": is not valid UTF-8 text", e);
    }
  }

  /** A streaming parser with the same limits, for documents too large for a tree. */
  public static JsonParser parser(String text) throws IOException {
    return FACTORY.createParser(text);
  }

  /** The error for a file that breaks its format or contradicts another. */
  public static OutcropException invalid(Path file, String problem) {
    return new OutcropException(ModelError.CHECKPOINT_INVALID, file + ": " + problem);
  }

  /** The error for a file that could not be parsed as JSON. */
  public static OutcropException badJson(Path file, JsonProcessingException e) {
    return new OutcropException(
        ModelError.CHECKPOINT_INVALID,
        "%s: is not valid JSON: %s (line %d, column %d)"
            .formatted(
                file,
                show(String.valueOf(e.getOriginalMessage())),
                e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                e.getLocation() == null ? 0 : e.getLocation().getColumnNr()),
        e);
  }

  /** The error for a file that the system did not let us read. */
  public static OutcropException unreadable(Path file, IOException e) {
    return new OutcropException(
        ModelError.CHECKPOINT_INVALID, file + ": cannot be read: " + e.getMessage(), e);
  }

  /** A name out of a file made fit for one line of an error message. */
  public static String show(String name) {
    StringBuilder out = new StringBuilder();
    name.codePoints()
        .limit(MAX_SHOWN)
        .forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return name.codePointCount(0, name.length()) > MAX_SHOWN ? out + "..." : out.toString();
  }
}
