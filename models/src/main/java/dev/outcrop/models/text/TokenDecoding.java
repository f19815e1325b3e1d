package dev.outcrop.models.text;

import static dev.outcrop.models.files.CheckpointFile.show;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How tokens become text: the {@code decoder} section of tokenizer.json. */
sealed interface TokenDecoding {
  /** Each character of a token stands for a byte (GPT-2, Llama 3, Qwen). */
  record ByteLevel() implements TokenDecoding {}

  /**
   * Tokens are text with a mark in place of spaces, as SentencePiece has it (Llama 2, Mistral).
   *
   * @param replacements done on each token, in order
   * @param firstTokenLosesMarks a mark that the first token loses, all of them; NUL for none
   * @param byteFallback whether tokens like {@code <0xE2>} are bytes
   * @param strip the character that the whole text may lose at its start
   * @param stripAtMost how many of them
   */
  record Pieces(
      List<Replacement> replacements,
      char firstTokenLosesMarks,
      boolean byteFallback,
      char strip,
      int stripAtMost)
      implements TokenDecoding {
    /** Whether the first token of a text is decoded differently from the same token later. */
    boolean treatsStartDifferently() {
      return firstTokenLosesMarks != 0 || stripAtMost > 0;
    }

    private byte[] bytes(String token, boolean first) {
      String text = token;
      if (first && firstTokenLosesMarks != 0) {
        text = text.replace(String.valueOf(firstTokenLosesMarks), "");
      }
      for (Replacement replacement : replacements) {
        text = text.replace(replacement.from(), replacement.to());
      }
      int b = byteFallback ? IncrementalDetokenizer.byteOf(text) : -1;
      if (b >= 0) {
        text = b < 0x80 ? String.valueOf((char) b) : "";
      }
      int from = 0;
      while (first && from < Math.min(stripAtMost, text.length()) && text.charAt(from) == strip) {
        from++;
      }
      return b >= 0x80
          ? new byte[] {(byte) b}
          : text.substring(from).getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Whether the first token of a text is decoded differently from the same token later. */
  default boolean startDiffers() {
    return this instanceof Pieces pieces && pieces.treatsStartDifferently();
  }

  /** The bytes that a token which is not special adds to the text. */
  default byte[] bytesOf(String token, boolean first) {
    return switch (this) {
      case ByteLevel _ -> IncrementalDetokenizer.bytesOfCharacters(token);
      case Pieces pieces -> pieces.bytes(token, first);
    };
  }

  /** Every occurrence of one text replaced by another. */
  record Replacement(String from, String to) {}

  /** Reads the section; a decoder outside the families that are served is refused. */
  static TokenDecoding of(Path file, JsonNode decoder) {
    List<JsonNode> steps = new ArrayList<>();
    if (decoder.path("type").asText().equals("Sequence")) {
      decoder.path("decoders").forEach(steps::add);
    } else {
      steps.add(decoder);
    }
    if (steps.size() == 1 && steps.getFirst().path("type").asText().equals("ByteLevel")) {
      return new ByteLevel();
    }
    List<Replacement> replacements = new ArrayList<>();
    char marks = 0;
    boolean bytes = false;
    boolean fused = false;
    char strip = 0;
    int stripAtMost = 0;
    for (JsonNode step : steps) {
      String type = step.path("type").asText();
      boolean perToken = !bytes && !fused;
      if (type.equals("Replace") && perToken && step.path("pattern").path("String").isTextual()) {
        replacements.add(
            new Replacement(
                step.path("pattern").path("String").asText(), step.path("content").asText()));
      } else if (type.equals("Metaspace") && perToken && marks == 0) {
        char mark = step.path("replacement").asText("\u2581").charAt(0);
        boolean never =
            step.path("prepend_scheme").asText().equals("never")
                || (step.has("add_prefix_space") && !step.path("add_prefix_space").asBoolean());
        marks = never ? 0 : mark;
        replacements.add(new Replacement(String.valueOf(mark), " "));
      } else if (type.equals("ByteFallback") && perToken) {
        bytes = true;
      } else if (type.equals("Fuse") && !fused) {
        fused = true;
      } else if (type.equals("Strip")
          && fused
          && stripAtMost == 0
          && step.path("content").asText().length() == 1
          && step.path("stop").asInt() == 0) {
        strip = step.path("content").asText().charAt(0);
        stripAtMost = step.path("start").asInt();
      } else {
        throw new OutcropException(
            ModelError.CHECKPOINT_UNSUPPORTED,
            "%s: decoder %s is not supported here; supported: ByteLevel, or Replace, Metaspace,"
                    .formatted(file, show(type.isEmpty() ? "null" : type))
                + " ByteFallback, Fuse and Strip (at the start) in this order");
      }
    }
    return new Pieces(List.copyOf(replacements), marks, bytes, strip, stripAtMost);
  }
}
