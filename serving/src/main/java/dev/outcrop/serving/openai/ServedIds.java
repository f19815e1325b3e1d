package dev.outcrop.serving.openai;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.ServedModel;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Models by their ids and aliases. Safe to use from any thread. */
public final class ServedIds implements Models {
  private final Map<String, ServedModel> models = new LinkedHashMap<>();

  /** Knows some models. */
  public ServedIds(Collection<ServedModel> served) {
    for (ServedModel model : served) {
      models.put(model.id(), model);
      model.aliases().forEach(alias -> models.put(alias, model));
    }
  }

  @Override
  public ServedModel generator(Caller caller, String id) {
    ServedModel model = models.get(id);
    if (model == null) {
      throw new OutcropException(ServingError.MODEL_UNKNOWN, "There is no such model.");
    }
    return model;
  }

  @Override
  public List<String> ids(Caller caller) {
    return models.entrySet().stream()
        .filter(entry -> caller.mayCall(entry.getValue().id()))
        .map(Map.Entry::getKey)
        .toList();
  }
}
