package dev.outcrop.serving.metrics;

import dev.outcrop.serving.embed.ServedEncoder;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Operations that run a model, by the API that they belong to. */
enum ApiClass {
  /** Converse and ConverseStream. */
  CONVERSE(Work.CHAT, Provider.BEDROCK),
  /** InvokeModel, streamed or not, with any body. */
  INVOKE(Work.CHAT, Provider.BEDROCK),
  /** OpenAI's chat completions. */
  CHAT(Work.CHAT, Provider.OPENAI),
  /** OpenAI's completions. */
  COMPLETIONS(Work.COMPLETION, Provider.OPENAI),
  /** OpenAI's responses. */
  RESPONSES(Work.CHAT, Provider.OPENAI),
  /** OpenAI's embeddings. */
  EMBEDDINGS(Work.EMBEDDINGS, Provider.OPENAI),
  /** Rerank. */
  RERANK(Work.RERANK, Provider.BEDROCK),
  /** Records of batch jobs. */
  BATCH(Work.CHAT, Provider.BEDROCK);

  private final String work;
  private final String provider;

  ApiClass(String work, String provider) {
    this.work = work;
    this.provider = provider;
  }

  /** The class of an operation by its name; null where it runs no model. */
  static @Nullable ApiClass of(String operation) {
    return switch (operation) {
      case "Converse", "ConverseStream" -> CONVERSE;
      case "InvokeModel", "InvokeModelWithResponseStream" -> INVOKE;
      case "CreateChatCompletion" -> CHAT;
      case "CreateCompletion" -> COMPLETIONS;
      case "CreateResponse" -> RESPONSES;
      case "CreateEmbeddings" -> EMBEDDINGS;
      case "Rerank" -> RERANK;
      case "BatchRecord" -> BATCH;
      default -> null;
    };
  }

  /** The label of an operation's class. */
  static String label(String operation) {
    ApiClass known = of(operation);
    return known == null ? DistinctValues.OTHER : known.name().toLowerCase(Locale.ROOT);
  }

  /** {@code gen_ai.operation.name}, for an encoder where the model is one. */
  String work(@Nullable ServedEncoder encoder) {
    return switch (encoder) {
      case null -> work;
      case ServedEncoder.Embedder _ -> Work.EMBEDDINGS;
      case ServedEncoder.Reranker _ -> Work.RERANK;
    };
  }

  /** {@code gen_ai.provider.name}: whose API it is. */
  String provider() {
    return provider;
  }

  /** Words of the conventions, and one that they leave to us: rerank. */
  private static final class Work {
    static final String CHAT = "chat";
    static final String COMPLETION = "text_completion";
    static final String EMBEDDINGS = "embeddings";
    static final String RERANK = "rerank";
  }

  /** Words of the conventions. */
  private static final class Provider {
    static final String BEDROCK = "aws.bedrock";
    static final String OPENAI = "openai";
  }
}
