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
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The file tokenizer.json: its vocabulary, and variants of it for the native library. */
final class TokenizerFile {
  private static final long MAX_BYTES = 128L << 20;
  private static final int MAX_ID = 1 << 24;
  private static final int MAX_ADDED_LENGTH = 1000;
  private static final int MAX_SPARSE = 1 << 16;

  private final Path file;
  private final ObjectNode root;
  private final Map<String, AddedToken> added = new TreeMap<>();
  private final @Nullable String[] tokens;

  private TokenizerFile(Path file, ObjectNode root, TokenizerSettings settings) {
    this.file = file;
    this.root = root;
    JsonNode model = root.path("model");
    if (!model.path("type").asText("BPE").equals("BPE") || !model.path("vocab").isObject()) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: model.type is %s; supported: BPE"
              .formatted(file, show(model.path("type").asText())));
    }
    LibraryLimits.require(file, root);
    for (JsonNode token : root.path("added_tokens")) {
      add(addedToken(file, token.path("id"), token));
    }
    for (AddedToken token : settings.addedTokens()) {
      AddedToken own = added.get(token.content());
      // Flags of the configuration win, ids of this file do, as in transformers.
      add(own == null ? token : token.withId(own.id()));
    }
    for (String name : settings.namedTokens()) {
      nameSpecial(name);
    }
    tokens = byId();
  }

  static TokenizerFile read(Path folder, TokenizerSettings settings) {
    Path file = folder.resolve("tokenizer.json");
    return new TokenizerFile(file, (ObjectNode) CheckpointFile.object(file, MAX_BYTES), settings);
  }

  static AddedToken addedToken(Path file, JsonNode id, JsonNode token) {
    String content = token.path("content").asText();
    if (!id.canConvertToInt() || id.intValue() < 0 || id.intValue() > MAX_ID) {
      throw invalid(file, "added token '%s' has no sound id".formatted(show(content)));
    }
    if (content.length() > MAX_ADDED_LENGTH) {
      throw invalid(
          file,
          "added token '%s' has more than %d characters"
              .formatted(show(content), MAX_ADDED_LENGTH));
    }
    return new AddedToken(
        id.intValue(),
        content,
        token.path("special").asBoolean(),
        token.path("normalized").asBoolean(),
        token.path("single_word").asBoolean(),
        token.path("lstrip").asBoolean(),
        token.path("rstrip").asBoolean());
  }

  private void add(AddedToken token) {
    JsonNode id = vocabulary().path(token.content());
    if (id.isInt() && id.intValue() != token.id()) {
      throw invalid(
          file,
          "added token '%s' has the id %d, and %d in the vocabulary"
              .formatted(show(token.content()), token.id(), id.intValue()));
    }
    added.put(token.content(), token);
  }

  /** What the configuration names as bos, eos and the like is special, whatever this file says. */
  private void nameSpecial(String name) {
    AddedToken token = added.get(name);
    JsonNode id = vocabulary().path(name);
    if (token != null) {
      added.put(name, token.asSpecial());
    } else if (id.isInt() && !name.isEmpty()) {
      added.put(name, new AddedToken(id.intValue(), name, true, false, false, false, false));
    }
  }

  private ObjectNode vocabulary() {
    return (ObjectNode) root.path("model").path("vocab");
  }

  private @Nullable String[] byId() {
    int size = 0;
    for (Map.Entry<String, JsonNode> entry : vocabulary().properties()) {
      JsonNode id = entry.getValue();
      if (!id.isInt() || id.intValue() < 0 || id.intValue() > MAX_ID) {
        throw invalid(file, "token '%s' has no sound id".formatted(show(entry.getKey())));
      }
      size = Math.max(size, id.intValue() + 1);
    }
    for (AddedToken token : added.values()) {
      size = Math.max(size, token.id() + 1);
    }
    // Lists by id are made: one large id must not cost more memory than the file could.
    int entries = vocabulary().size() + added.size();
    if (size > MAX_SPARSE + 8L * entries) {
      throw invalid(file, "has %d tokens, and ids up to %d".formatted(entries, size - 1));
    }
    @Nullable String[] byId = new String[size];
    for (Map.Entry<String, JsonNode> entry : vocabulary().properties()) {
      name(byId, entry.getValue().intValue(), "token", entry.getKey());
    }
    for (AddedToken token : added.values()) {
      name(byId, token.id(), "added token", token.content());
    }
    return byId;
  }

  /** Two tokens of one id would let the plain one stand for the one that only templates write. */
  private void name(@Nullable String[] byId, int id, String kind, String token) {
    String other = byId[id];
    if (other != null && !other.equals(token)) {
      throw invalid(
          file,
          "%s '%s' has the id %d, which is the id of '%s'"
              .formatted(kind, show(token), id, show(other)));
    }
    byId[id] = token;
  }

  /** Token by id; null where an id has none. */
  @Nullable String[] tokens() {
    return tokens;
  }

  Collection<AddedToken> addedTokens() {
    return added.values();
  }

  Path file() {
    return file;
  }

  /** Whether there is a normalizer. */
  boolean normalises() {
    return root.path("normalizer").isObject();
  }

  /** Whether the start of a text is split differently from the start of a later stretch of it. */
  boolean treatsStartDifferently() {
    return firstOnly(root.path("pre_tokenizer"), false);
  }

  TokenDecoding decoding() {
    return TokenDecoding.of(file, root.path("decoder"));
  }

  /**
   * A variant for the native library, without truncation, padding and template.
   *
   * @param withAdded whether it knows the added tokens; else their text is text like any other
   * @param later whether it encodes a stretch that is not the text's start
   */
  String variant(boolean withAdded, boolean later) {
    ObjectNode variant = JsonNodeFactory.instance.objectNode();
    variant.setAll(root);
    for (String section : List.of("truncation", "padding", "post_processor", "decoder")) {
      variant.putNull(section);
    }
    if (later) {
      JsonNode split = root.path("pre_tokenizer").deepCopy();
      firstOnly(split, true);
      variant.set("pre_tokenizer", split);
    }
    ArrayNode tokenArray = variant.putArray("added_tokens");
    if (withAdded) {
      added.values().stream()
          .sorted(Comparator.comparingInt(AddedToken::id))
          .forEach(token -> describe(tokenArray.addObject(), token));
    } else {
      variant.set("model", withoutControl());
    }
    return variant.toString();
  }

  private static void describe(ObjectNode node, AddedToken token) {
    node.put("id", token.id())
        .put("content", token.content())
        .put("special", token.special())
        .put("normalized", token.normalized())
        .put("single_word", token.singleWord())
        .put("lstrip", token.lstrip())
        .put("rstrip", token.rstrip());
  }

  private static boolean firstOnly(JsonNode split, boolean change) {
    boolean found = false;
    if (split.path("prepend_scheme").asText().equals("first")) {
      found = true;
      if (change) {
        ((ObjectNode) split).put("prepend_scheme", "never");
      }
    }
    for (JsonNode part : split.path("pretokenizers")) {
      found |= firstOnly(part, change);
    }
    return found;
  }

  /**
   * The model without the control tokens. They have to leave vocabulary and merges: converted
   * SentencePiece models list theirs among the ordinary pieces, and merges can lead there. Ids of
   * the others stay.
   */
  private JsonNode withoutControl() {
    ObjectNode model = JsonNodeFactory.instance.objectNode();
    model.setAll((ObjectNode) root.path("model"));
    String unknown = model.path("unk_token").asText();
    Set<String> control = new HashSet<>();
    for (AddedToken token : added.values()) {
      if (token.control()
          && !token.content().equals(unknown)
          && vocabulary().has(token.content())) {
        control.add(token.content());
      }
    }
    if (control.isEmpty()) {
      return model;
    }
    ObjectNode vocabulary = model.putObject("vocab");
    for (Map.Entry<String, JsonNode> entry : vocabulary().properties()) {
      if (!control.contains(entry.getKey())) {
        vocabulary.set(entry.getKey(), entry.getValue());
      }
    }
    ArrayNode merges = model.putArray("merges");
    for (JsonNode merge : root.path("model").path("merges")) {
      List<String> sides = sides(merge);
      if (sides.size() == 2
          && !control.contains(sides.get(0))
          && !control.contains(sides.get(1))
          && !control.contains(sides.get(0) + sides.get(1))) {
        merges.add(merge);
      }
    }
    return model;
  }

  static List<String> sides(JsonNode merge) {
    if (merge.isTextual()) {
      return List.of(merge.textValue().split(" ", -1));
    }
    List<String> sides = new ArrayList<>();
    merge.forEach(side -> sides.add(side.asText()));
    return sides;
  }
}
