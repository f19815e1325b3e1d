package dev.outcrop.serving.openai;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.catalog.ModelIds.Served;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.json.Fields;
import java.util.List;

/** Models by their ids and aliases. Safe to use from any thread. */
public final class ServedIds implements Models {
  private final ModelIds models;

  /** Knows some models. */
  public ServedIds(ModelIds models) {
    this.models = models;
  }

  @Override
  public ServedModel generator(Caller caller, String id) {
    return switch (served(id)) {
      case Served.Generator(var generator) -> generator;
      case Served.Encoder _ -> throw Fields.unsupported("model is one that generates no text");
    };
  }

  @Override
  public ServedEncoder.Embedder embedder(Caller caller, String id) {
    return switch (served(id)) {
      case Served.Encoder(ServedEncoder.Embedder embedder) -> embedder;
      case Served.Encoder(ServedEncoder.Reranker _) -> throw noEmbeddings();
      case Served.Generator _ -> throw noEmbeddings();
    };
  }

  private Served served(String id) {
    return models
        .lookUp(id)
        .orElseThrow(
            () -> new OutcropException(ServingError.MODEL_UNKNOWN, "There is no such model."));
  }

  private static OutcropException noEmbeddings() {
    return Fields.unsupported("model is one that makes no embeddings");
  }

  @Override
  public List<String> ids(Caller caller) {
    return models.models().stream()
        .filter(model -> caller.mayCall(model.id()))
        .flatMap(model -> model.ids().stream())
        .toList();
  }
}
