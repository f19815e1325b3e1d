package dev.outcrop.models.text;

import static dev.outcrop.models.files.CheckpointFile.invalid;
import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.files.CheckpointFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Text to token ids for encoders, after tokenizer.json of a checkpoint: WordPiece, Unigram or BPE,
 * with the special tokens that its template puts around a text or a pair. Thread-safe; called on
 * request threads. Never truncates, pads or uses the network.
 *
 * <p>Text never becomes a special token: to the library these have names that nobody can guess. Ids
 * stay. So for text without the names of special tokens the ids are exactly those of the Hugging
 * Face library.
 */
public final class EncoderTokenizer implements AutoCloseable {
  private static final long MAX_BYTES = 128L << 20;
  private static final Set<String> MODELS = Set.of("WordPiece", "Unigram", "BPE");

  private final NativeTokenizer library;

  private EncoderTokenizer(NativeTokenizer library) {
    this.library = library;
  }

  /** Opens the tokenizer of a checkpoint folder. */
  public static EncoderTokenizer open(Path folder) {
    Path file = folder.resolve("tokenizer.json");
    ObjectNode root = (ObjectNode) CheckpointFile.object(file, MAX_BYTES);
    String type = root.path("model").path("type").asText("BPE");
    if (!MODELS.contains(type)) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: model.type is %s; supported: WordPiece, Unigram, BPE".formatted(file, show(type)));
    }
    LibraryLimits.require(file, root);
    return new EncoderTokenizer(new NativeTokenizer(file, withHiddenNames(file, root).toString()));
  }

  private static ObjectNode withHiddenNames(Path file, ObjectNode root) {
    for (String section : List.of("truncation", "padding", "decoder")) {
      root.putNull(section);
    }
    if (!(root.path("model") instanceof ObjectNode model)) {
      throw invalid(file, "model is not an object");
    }
    Map<String, String> hidden = new HashMap<>();
    String unknown = unknown(model);
    for (JsonNode token : root.path("added_tokens")) {
      String name = token.path("content").asText();
      if (token.path("special").asBoolean() && !name.equals(unknown)) {
        hidden.put(name, "\u0001" + UUID.randomUUID());
        ((ObjectNode) token).put("content", hidden.get(name));
      }
    }
    JsonNode vocabulary = model.path("vocab");
    if (vocabulary instanceof ObjectNode ids) {
      ObjectNode renamed = model.putObject("vocab");
      for (Map.Entry<String, JsonNode> entry : ids.properties()) {
        renamed.set(hidden.getOrDefault(entry.getKey(), entry.getKey()), entry.getValue());
      }
    } else if (vocabulary instanceof ArrayNode pieces) {
      for (JsonNode piece : pieces) {
        String name = piece.path(0).asText();
        if (piece instanceof ArrayNode pair && hidden.containsKey(name)) {
          pair.set(0, JsonNodeFactory.instance.textNode(hidden.get(name)));
        }
      }
    } else {
      throw invalid(file, "model.vocab is missing");
    }
    if (model.path("merges") instanceof ArrayNode merges) {
      ArrayNode kept = model.putArray("merges");
      for (JsonNode merge : merges) {
        List<String> sides = TokenizerFile.sides(merge);
        if (sides.stream().noneMatch(hidden::containsKey)
            && !hidden.containsKey(String.join("", sides))) {
          kept.add(merge);
        }
      }
    }
    return root;
  }

  /** The name of the token for what has no other; text may become that. */
  private static String unknown(ObjectNode model) {
    JsonNode id = model.path("unk_id");
    return id.isInt()
        ? model.path("vocab").path(id.intValue()).path(0).asText()
        : model.path("unk_token").asText();
  }

  /**
   * A text or a pair of texts.
   *
   * @param ids token ids
   * @param types the token types: which text of a pair a token belongs to
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, read by the engine, never compared
  public record Encoded(int[] ids, int[] types) {
    /** Counts only: token ids are user content. */
    @Override
    public String toString() {
      return "Encoded[tokens=%d]".formatted(ids.length);
    }
  }

  /** The tokens of a text. */
  public Encoded encode(String text) {
    return library.encodeInTemplate(Tokenizer.wellFormed(text), null);
  }

  /** The tokens of a pair, such as a query and a document. */
  public Encoded encode(String first, String second) {
    return library.encodeInTemplate(Tokenizer.wellFormed(first), Tokenizer.wellFormed(second));
  }

  /** Frees the native tokenizer, after the calls that are under way. */
  @Override
  public void close() {
    library.close();
  }
}
