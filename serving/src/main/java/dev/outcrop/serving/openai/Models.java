package dev.outcrop.serving.openai;

import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import java.util.List;

/** The models that a server has. Called on request threads, many at once. */
public interface Models {
  /**
   * The model of an id that generates text.
   *
   * @throws dev.outcrop.models.OutcropException where there is none, or the caller may not use it
   */
  ServedModel generator(Caller caller, String id);

  /**
   * The model of an id that makes embeddings.
   *
   * @throws dev.outcrop.models.OutcropException in the same way
   */
  ServedEncoder.Embedder embedder(Caller caller, String id);

  /** The ids of all models that a caller may use. */
  List<String> ids(Caller caller);
}
