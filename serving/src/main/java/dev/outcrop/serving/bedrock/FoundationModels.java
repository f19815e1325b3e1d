package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ModelCard;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ListQuery;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Foundation models of the control plane. Safe to use from any thread. */
final class FoundationModels {
  private static final Pattern PROVIDER = Pattern.compile("[A-Za-z0-9- ]{1,63}");
  private static final List<String> MODALITIES = List.of("TEXT", "IMAGE", "EMBEDDING");
  private static final List<String> CUSTOMIZATIONS =
      List.of("FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION");
  private static final String ON_DEMAND = "ON_DEMAND";
  private static final List<String> TYPES = List.of(ON_DEMAND, "PROVISIONED");
  private static final String AVAILABLE = "AVAILABLE";

  private final Catalog catalog;

  FoundationModels(Catalog catalog) {
    this.catalog = catalog;
  }

  ObjectNode list(ListQuery query) {
    String provider = query.text("byProvider", PROVIDER);
    String output = query.choice("byOutputModality", MODALITIES);
    String type = query.choice("byInferenceType", TYPES);
    boolean customizable = query.choice("byCustomizationType", CUSTOMIZATIONS) != null;
    ObjectNode answer = Json.object();
    ArrayNode models = answer.putArray("modelSummaries");
    for (ModelCard model : catalog.foundationModels()) {
      boolean listed =
          !customizable
              && (provider == null || provider.equalsIgnoreCase(model.provider()))
              && (output == null || output.equals(model.task().output()))
              && (type == null || type.equals(ON_DEMAND));
      if (listed) {
        models.add(details(model));
      }
    }
    return answer;
  }

  ObjectNode get(String identifier) {
    ObjectNode answer = Json.object();
    answer.set("modelDetails", details(find(identifier)));
    return answer;
  }

  ObjectNode availability(String identifier, Caller caller) {
    ModelCard model = find(identifier);
    ObjectNode answer = Json.object();
    answer.put("modelId", model.id());
    answer.putObject("agreementAvailability").put("status", AVAILABLE);
    return answer
        .put("authorizationStatus", caller.mayCall(model.model()) ? "AUTHORIZED" : "NOT_AUTHORIZED")
        .put("entitlementAvailability", AVAILABLE)
        .put("regionAvailability", AVAILABLE);
  }

  private ModelCard find(String identifier) {
    String id =
        identifier.replaceFirst("^arn:aws[a-z-]*:bedrock:[a-z0-9-]{1,20}::foundation-model/", "");
    if (!ModelCard.isFoundation(id)) {
      throw new OutcropException(
          ServingError.MODEL_ID_INVALID, "The provided model identifier is invalid.");
    }
    @Nullable ModelCard found = null;
    for (ModelCard model : catalog.foundationModels()) {
      found = model.id().equals(id) ? model : found;
    }
    if (found == null) {
      throw new OutcropException(
          ServingError.MODEL_UNKNOWN,
          "Could not resolve the foundation model from the provided model identifier.");
    }
    return found;
  }

  private ObjectNode details(ModelCard model) {
    ObjectNode details = Json.object();
    details
        .put("modelArn", catalog.arn(model))
        .put("modelId", model.id())
        .put("modelName", model.name())
        .put("providerName", model.provider());
    details.putArray("inputModalities").add("TEXT");
    details.putArray("outputModalities").add(model.task().output());
    details.put("responseStreamingSupported", model.task().streams());
    details.putArray("customizationsSupported");
    details.putArray("inferenceTypesSupported").add(ON_DEMAND);
    details.putObject("modelLifecycle").put("status", "ACTIVE");
    return details;
  }
}
