package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.embed.Cut;
import dev.outcrop.serving.embed.EncoderAnswer;
import dev.outcrop.serving.embed.EncoderText.Purpose;
import dev.outcrop.serving.embed.EncoderText.Tokens;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.embed.VectorForm;
import dev.outcrop.serving.json.Fields;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.json.Malformed;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The bodies of Cohere Embed 3 and 4 through InvokeModel, for text. Where the model id names one of
 * the two its own limits and words hold, else those of both. {@code input_type} puts the prompt in
 * front that the model was trained with.
 */
final class CohereEmbed {
  private static final int MAX_TEXTS = 96;
  private static final int MAX_CHARACTERS_V3 = 2_048;
  private static final int MAX_CHARACTERS = 512_000;
  private static final int MAX_PARTS = 1_000;
  private static final int MAX_TOKENS = 128_000;
  private static final int SIGN = 128;
  private static final List<String> REQUIRED = List.of("texts", "input_type");
  private static final Set<String> KNOWN_V3 =
      Set.of("texts", "images", "input_type", "truncate", "embedding_types");
  private static final Set<String> KNOWN =
      Set.of(
          "texts",
          "images",
          "inputs",
          "input_type",
          "truncate",
          "embedding_types",
          "output_dimension",
          "max_tokens");
  private static final Map<String, Purpose> PURPOSES =
      Map.of(
          "search_document", Purpose.DOCUMENT,
          "search_query", Purpose.QUERY,
          "classification", Purpose.CLASSIFICATION,
          "clustering", Purpose.CLUSTERING);
  private static final Set<String> TYPES =
      Set.of("float", "int8", "uint8", "binary", "ubinary", "base64");

  private final EncoderCalls calls;

  CohereEmbed(EncoderCalls calls) {
    this.calls = calls;
  }

  /** Which of the two it is. */
  private enum Version {
    V3,
    V4,
    ANY;

    /** Its words for cutting. */
    Map<String, Cut> cuts() {
      return switch (this) {
        case V3 -> Map.of("NONE", Cut.NONE, "START", Cut.START, "END", Cut.END);
        case V4 -> Map.of("NONE", Cut.NONE, "LEFT", Cut.START, "RIGHT", Cut.END);
        case ANY ->
            Map.of(
                "NONE", Cut.NONE,
                "START", Cut.START,
                "END", Cut.END,
                "LEFT", Cut.START,
                "RIGHT", Cut.END);
      };
    }

    static Version of(String id) {
      if (id.contains("cohere.embed-v4")) {
        return V4;
      }
      return id.contains("cohere.embed-") ? V3 : ANY;
    }
  }

  /**
   * A request.
   *
   * @param inputs the texts as they came where they came in parts, or null
   * @param types the forms that the embeddings are answered in; empty for the plain one
   * @param maxTokens the most tokens of a text
   */
  private record Request(
      List<String> texts,
      @Nullable JsonNode inputs,
      Purpose purpose,
      Cut cut,
      Set<String> types,
      int dimensions,
      int maxTokens) {}

  /** Answers one request. */
  void invoke(InvokeEncoder.Call call, ObjectNode body, ServedEncoder.Embedder model)
      throws InterruptedException {
    Request request = read(Fields.of(body), model, Version.of(call.id()));
    String prompt = model.text().prompt(request.purpose());
    List<Tokens> texts =
        calls.encode(
            call.exchange(),
            request.texts(),
            text -> request.cut().encode(model.text(), prompt, text, request.maxTokens()));
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).count() > request.maxTokens()) {
        call.exchange().fail(EncoderCalls.tooLong(i, texts.get(i).count(), request.maxTokens()));
        return;
      }
    }
    calls.invoke(call.exchange(), model, texts, call.tier(), vectors -> answer(request, vectors));
  }

  private static Request read(Fields body, ServedEncoder.Embedder model, Version version) {
    if (body.has("images")) {
      throw Fields.unsupported("images are not supported by this model, which embeds text only.");
    }
    boolean parts = version != Version.V3 && body.has("inputs");
    Malformed.checkKeys(
        body, parts ? List.of("input_type") : REQUIRED, version == Version.V3 ? KNOWN_V3 : KNOWN);
    if (parts && body.has("texts")) {
      throw body.bad("texts", "must not be there beside inputs");
    }
    List<String> texts = parts ? parts(body) : texts(body, version);
    Set<String> types = new LinkedHashSet<>(body.strings("embedding_types", TYPES.size(), 0, 64));
    if (!TYPES.containsAll(types)) {
      throw body.bad(
          "embedding_types", "must hold only float, int8, uint8, binary, ubinary, base64");
    }
    return new Request(
        texts,
        parts ? body.raw("inputs") : null,
        purpose(body),
        cut(body, version),
        types,
        body.integer("output_dimension", 1, model.dimensions(), model.dimensions()),
        Math.min(model.maxTokens(), body.integer("max_tokens", 1, MAX_TOKENS, model.maxTokens())));
  }

  private static Purpose purpose(Fields body) {
    String name = body.string("input_type", 0, 64);
    if (name.equals("image")) {
      throw Fields.unsupported(
          "input_type image is not supported by this model, which embeds text only.");
    }
    Purpose purpose = PURPOSES.get(name);
    if (purpose == null) {
      throw body.bad(
          "input_type", "must be one of search_document, search_query, classification, clustering");
    }
    return purpose;
  }

  private static Cut cut(Fields body, Version version) {
    String name = body.choiceOrNull("truncate", version.cuts().keySet().stream().sorted().toList());
    return name == null ? Cut.NONE : version.cuts().getOrDefault(name, Cut.NONE);
  }

  private static List<String> texts(Fields body, Version version) {
    List<String> texts = body.strings("texts", Integer.MAX_VALUE, 0, Integer.MAX_VALUE);
    Malformed.checkCount("texts", texts.size(), 0, MAX_TEXTS);
    int most = version == Version.V3 ? MAX_CHARACTERS_V3 : MAX_CHARACTERS;
    for (int i = 0; i < texts.size(); i++) {
      Malformed.checkLength("texts/" + i, texts.get(i), 0, most);
    }
    return texts;
  }

  /** The texts of inputs, whose parts are put together line by line. */
  private static List<String> parts(Fields body) {
    List<Fields> inputs = body.objects("inputs", Integer.MAX_VALUE);
    Malformed.checkCount("inputs", inputs.size(), 0, MAX_TEXTS);
    List<String> texts = new ArrayList<>();
    for (Fields input : inputs) {
      List<String> lines = new ArrayList<>();
      for (Fields part : input.objects("content", MAX_PARTS)) {
        if (!"text".equals(part.string("type", 1, 64))) {
          throw Fields.unsupported(
              part.path("type") + " is not supported by this model, which embeds text only.");
        }
        lines.add(part.string("text", 0, MAX_CHARACTERS));
      }
      String text = String.join("\n", lines);
      Malformed.checkLength("inputs/" + texts.size(), text, 0, MAX_CHARACTERS);
      texts.add(text);
    }
    return texts;
  }

  private static ObjectNode answer(Request request, EncoderAnswer.Vectors vectors) {
    List<float[]> embeddings =
        vectors.values().stream()
            .map(values -> VectorForm.shortened(values, request.dimensions(), true))
            .toList();
    ObjectNode answer = Json.object();
    answer.put("id", UUID.randomUUID().toString());
    if (request.types().isEmpty()) {
      ArrayNode rows = answer.putArray("embeddings");
      embeddings.forEach(rows::addPOJO);
    } else {
      ObjectNode byType = answer.putObject("embeddings");
      for (String type : request.types()) {
        ArrayNode rows = byType.putArray(type);
        embeddings.forEach(embedding -> rows.addPOJO(form(embedding, type)));
      }
    }
    answer.put(
        "response_type", request.types().isEmpty() ? "embeddings_floats" : "embeddings_by_type");
    JsonNode inputs = request.inputs();
    if (inputs == null) {
      ArrayNode texts = answer.putArray("texts");
      request.texts().forEach(texts::add);
    } else {
      answer.set("inputs", inputs);
    }
    return answer;
  }

  private static Object form(float[] embedding, String type) {
    return switch (type) {
      case "int8" -> VectorForm.int8(embedding);
      case "uint8" -> VectorForm.plus(VectorForm.int8(embedding), SIGN);
      case "binary" -> VectorForm.plus(VectorForm.packed(embedding), -SIGN);
      case "ubinary" -> VectorForm.packed(embedding);
      case "base64" -> VectorForm.base64(embedding);
      default -> embedding;
    };
  }
}
