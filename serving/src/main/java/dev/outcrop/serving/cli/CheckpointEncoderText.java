package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.text.EncoderTokenizer;
import dev.outcrop.serving.config.EncodingConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.embed.EncoderText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tokenizer of a checkpoint, and the prompts that its files or the operator name. */
record CheckpointEncoderText(EncoderTokenizer tokenizer, Prompts prompts) implements EncoderText {
  private static final List<String> QUERY = List.of("query", "search_query", "retrieval.query");
  private static final List<String> DOCUMENT =
      List.of("document", "passage", "search_document", "retrieval.passage");
  private static final List<String> CLASSIFICATION = List.of("classification", "Classification");
  private static final List<String> CLUSTERING = List.of("clustering", "Clustering", "separation");

  /** What comes in front of texts. */
  record Prompts(String query, String document, String classification, String clustering) {
    static Prompts of(ModelConfig config) {
      Map<String, String> named = LoadedEncoder.prompts(config.path());
      EncodingConfig encoding = config.encoding();
      return new Prompts(
          prompt(encoding.queryPrompt(), named, QUERY),
          prompt(encoding.documentPrompt(), named, DOCUMENT),
          prompt(null, named, CLASSIFICATION),
          prompt(null, named, CLUSTERING));
    }

    private static String prompt(
        @Nullable String chosen, Map<String, String> named, List<String> names) {
      if (chosen != null) {
        return chosen;
      }
      return names.stream()
          .filter(named::containsKey)
          .findFirst()
          .map(name -> named.getOrDefault(name, ""))
          .orElse("");
    }
  }

  @Override
  public Tokens encode(String text) {
    return tokens(tokenizer.encode(text));
  }

  @Override
  public Tokens encode(String first, String second) {
    return tokens(tokenizer.encode(first, second));
  }

  @Override
  public String prompt(Purpose purpose) {
    return switch (purpose) {
      case QUERY -> prompts.query();
      case DOCUMENT -> prompts.document();
      case CLASSIFICATION -> prompts.classification();
      case CLUSTERING -> prompts.clustering();
    };
  }

  private static Tokens tokens(EncoderTokenizer.Encoded encoded) {
    return new Tokens(encoded.ids(), encoded.types());
  }
}
