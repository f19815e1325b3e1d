package dev.outcrop.serving.catalog;

import dev.outcrop.serving.embed.ServedEncoder;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model as the control plane shows it.
 *
 * @param id the id that it is shown under
 * @param model the id of the operator's choice, which may be the same
 * @param name what it is called
 * @param provider who made it
 * @param task what it does
 * @param since when it came to be
 */
public record ModelCard(
    String id, String model, String name, String provider, Task task, Instant since) {
  /** The longest name of a model or provider. */
  public static final int MAX_NAME = 20;

  /** A point before a digit is one of a number, as in {@code llama-3.1-8b}. */
  private static final Pattern FOUNDATION =
      Pattern.compile(
          "([a-z0-9-]{1,63})\\.(?=[a-z])((?:[a-z0-9-]{1,63}\\.){0,2}[a-z0-9-]{1,63})(?::[a-z0-9-]{1,63}){0,2}");

  private static final Pattern VERSION = Pattern.compile("-v\\d+$");
  private static final int MAX_ID = 140;
  private static final Map<String, String> PROVIDERS =
      Map.ofEntries(
          Map.entry("ai21", "AI21 Labs"),
          Map.entry("amazon", "Amazon"),
          Map.entry("anthropic", "Anthropic"),
          Map.entry("cohere", "Cohere"),
          Map.entry("deepseek", "DeepSeek"),
          Map.entry("google", "Google"),
          Map.entry("meta", "Meta"),
          Map.entry("minimax", "MiniMax"),
          Map.entry("mistral", "Mistral AI"),
          Map.entry("moonshot", "Moonshot AI"),
          Map.entry("nvidia", "NVIDIA"),
          Map.entry("openai", "OpenAI"),
          Map.entry("qwen", "Qwen"),
          Map.entry("writer", "Writer"),
          Map.entry("zai", "Z.AI"));

  /** What a model does. */
  public enum Task {
    /** Text to text, as it comes. */
    GENERATE("TEXT", true),
    /** Text to vectors. */
    EMBED("EMBEDDING", false),
    /** Texts to an order. */
    RERANK("TEXT", false);

    private final String output;
    private final boolean streams;

    Task(String output, boolean streams) {
      this.output = output;
      this.streams = streams;
    }

    /** What comes out, in Bedrock's word. */
    public String output() {
      return output;
    }

    /** Whether answers stream. */
    public boolean streams() {
      return streams;
    }

    static Task of(ModelIds.Served model) {
      return switch (model) {
        case ModelIds.Served.Generator _ -> GENERATE;
        case ModelIds.Served.Encoder(ServedEncoder.Embedder _) -> EMBED;
        case ModelIds.Served.Encoder(ServedEncoder.Reranker _) -> RERANK;
      };
    }
  }

  /** Whether an id has the form of a foundation model's, and none of an inference profile's. */
  public static boolean isFoundation(String id) {
    return id.length() <= MAX_ID && FOUNDATION.matcher(id).matches() && !ModelIds.isProfile(id);
  }

  /**
   * The card of an id.
   *
   * @param model the id of the operator's choice
   * @param name what the operator calls it; empty for what the id tells
   * @param provider who made it, in the same way
   */
  static ModelCard of(
      String id, String model, String name, String provider, Task task, Instant since) {
    Matcher parts = FOUNDATION.matcher(id);
    boolean foundation = parts.matches();
    String maker = foundation ? parts.group(1) : "";
    String plain = foundation ? VERSION.matcher(parts.group(2)).replaceFirst("") : id;
    return new ModelCard(
        id,
        model,
        shortened(name.isEmpty() ? plain : name),
        shortened(provider.isEmpty() ? provider(maker) : provider),
        task,
        since);
  }

  private static String provider(String word) {
    if (word.isEmpty()) {
      return "Imported";
    }
    String known = PROVIDERS.get(word);
    return known != null
        ? known
        : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
  }

  private static String shortened(String name) {
    return name.substring(0, Math.min(MAX_NAME, name.length()));
  }

  /** The name by which an imported model is found: letters, digits, and single dashes between. */
  public String importedName() {
    String plain = id.replaceAll("[^0-9a-zA-Z]+", "-").replaceAll("^-|-$", "");
    String some = plain.isEmpty() ? ImportedId.of(id) : plain;
    return some.substring(0, Math.min(63, some.length()));
  }
}
