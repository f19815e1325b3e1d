package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ImportedId;
import dev.outcrop.serving.catalog.ModelCard;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ListQuery;
import dev.outcrop.serving.json.Json;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** Imported models of the control plane. Safe to use from any thread. */
final class ImportedModels {
  private static final Pattern NAME = Pattern.compile("([0-9a-zA-Z][_-]?){1,63}");
  private static final Pattern ARN =
      Pattern.compile(
          "arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:imported-model/([a-z0-9]{12})");
  private static final String ASCENDING = "Ascending";

  private final Catalog catalog;

  ImportedModels(Catalog catalog) {
    this.catalog = catalog;
  }

  ObjectNode list(ListQuery query) {
    Instant before = query.time("creationTimeBefore");
    Instant after = query.time("creationTimeAfter");
    String part = query.text("nameContains", NAME);
    query.choice("sortBy", List.of("CreationTime"));
    boolean ascending =
        ASCENDING.equals(query.choice("sortOrder", List.of(ASCENDING, "Descending")));
    Comparator<ModelCard> order = Comparator.comparing(ModelCard::since);
    List<ModelCard> models =
        catalog.importedModels().stream()
            .filter(model -> before == null || model.since().isBefore(before))
            .filter(model -> after == null || model.since().isAfter(after))
            .filter(model -> part == null || model.importedName().contains(part))
            .sorted((ascending ? order : order.reversed()).thenComparing(ModelCard::importedName))
            .toList();
    return query.page(models, ModelCard::id, "modelSummaries", this::details);
  }

  ObjectNode get(String identifier) {
    var arn = ARN.matcher(identifier);
    boolean isArn = arn.matches();
    if (!isArn && !NAME.matcher(identifier).matches()) {
      throw new OutcropException(
          ServingError.MODEL_ID_INVALID, "The provided model identifier is invalid.");
    }
    for (ModelCard model : catalog.importedModels()) {
      String code = ImportedId.of(model.id());
      boolean found =
          isArn
              ? arn.group(1).equals(code)
              : identifier.equals(model.importedName()) || identifier.equals(code);
      if (found) {
        return details(model);
      }
    }
    throw new OutcropException(ServingError.MODEL_UNKNOWN, "The imported model does not exist.");
  }

  private ObjectNode details(ModelCard model) {
    return Json.object()
        .put("modelArn", catalog.arn(model))
        .put("modelName", model.importedName())
        .put("creationTime", model.since().toString())
        .put("instructSupported", model.task() == ModelCard.Task.GENERATE);
  }
}
