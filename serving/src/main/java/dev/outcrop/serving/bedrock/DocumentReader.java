package dev.outcrop.serving.bedrock;

import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.json.Fields;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the documents of a Converse request. Those that are text go into the prompt as text; no
 * model here reads the others.
 */
final class DocumentReader {
  /** The most documents of a message. */
  static final int MOST = 5;

  private static final int MAX_BYTES = 4_500_000;
  private static final int MAX_NAME = 200;
  private static final List<String> FORMATS =
      List.of("pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md");
  private static final Set<String> TEXTS = Set.of("csv", "html", "txt", "md");

  /** Bedrock takes the underscore, too, though its message does not list it. */
  private static final Pattern NAME = Pattern.compile("(?:[a-zA-Z0-9_()\\[\\]-]|(?<! ) )+");

  private final LimitsConfig limits;

  DocumentReader(LimitsConfig limits) {
    this.limits = limits;
  }

  /** The text that stands for a document in the prompt. */
  String read(Fields document) {
    String format = document.choiceOrNull("format", FORMATS);
    String name = name(document);
    Fields source = document.object("source");
    String kind = Unions.DOCUMENT_SOURCE.member(source);
    if (format == null && kind.equals("bytes")) {
      throw document.bad("format", "is required");
    }
    if (format != null && !TEXTS.contains(format)) {
      throw Fields.unsupported(
          "This model doesn't support documents of the format at %s. Send txt, md, csv or html, and try again."
              .formatted(document.path("format")));
    }
    refuseCitations(document.objectOrNull("citations"));
    String context = document.stringOrNull("context", 0, limits.maxTextLength());
    String text = text(source, kind);
    return inline(name, context, "html".equals(format) ? HtmlText.of(text) : text);
  }

  private static void refuseCitations(@Nullable Fields citations) {
    if (citations == null) {
      return;
    }
    if (!citations.has("enabled")) {
      throw citations.bad("enabled", "is required");
    }
    if (citations.bool("enabled", false)) {
      throw Unions.unsupported(citations, "enabled");
    }
  }

  private static String inline(String name, @Nullable String context, String text) {
    String about = context == null || context.isBlank() ? "" : "<context>%s</context>\n";
    return "<document name=\"%s\">\n%s%s\n</document>"
        .formatted(name, about.formatted(context), text);
  }

  private static String name(Fields document) {
    String name = document.string("name", 1, MAX_NAME);
    if (!NAME.matcher(name).matches()) {
      throw Fields.invalid(
          "The document file name can only contain alphanumeric characters, whitespace characters,"
              + " hyphens, parentheses, and square brackets. The name can't contain more than one"
              + " consecutive whitespace character. Check that the file name conforms to these"
              + " restrictions and retry your request.");
    }
    return name;
  }

  private String text(Fields source, String kind) {
    return switch (kind) {
      case "bytes" -> decoded(source);
      case "text" -> source.string(kind, 0, limits.maxTextLength());
      case "content" ->
          String.join(
              "\n",
              source.objects(kind, limits.maxContentBlocks()).stream().map(this::part).toList());
      default -> throw Unions.unsupported(source, kind);
    };
  }

  private String part(Fields part) {
    return part.string(Unions.DOCUMENT_PART.member(part), 0, limits.maxTextLength());
  }

  private static String decoded(Fields source) {
    byte[] bytes = source.blob("bytes");
    if (bytes.length == 0 || bytes.length > MAX_BYTES) {
      throw source.bad("bytes", "must have between 1 and %d bytes".formatted(MAX_BYTES));
    }
    try {
      String text = charset(bytes).newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\ufeff") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw source.bad("bytes", "must be text in UTF-8");
    }
  }

  /** Spreadsheets save text as UTF-16, which begins with a mark. */
  private static Charset charset(byte[] bytes) {
    int mark = bytes.length < 2 ? 0 : ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
    return mark == 0xfeff || mark == 0xfffe ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8;
  }
}
