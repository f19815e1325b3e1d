package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ModelIds;
import dev.outcrop.serving.http.Api;
import dev.outcrop.serving.http.Exchange;
import dev.outcrop.serving.http.ListQuery;
import dev.outcrop.serving.json.Json;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What clients may read of the control plane of bedrock (2023-04-20) about the served models. */
public final class ControlPlaneApi implements Api {
  private static final Pattern ONE =
      Pattern.compile(
          "/(foundation-models|foundation-model-availability|inference-profiles|imported-models)/(.+)");

  private final FoundationModels foundation;
  private final InferenceProfiles profiles;
  private final ImportedModels imported;
  private final Json json;

  /** Creates the API. */
  public ControlPlaneApi(Catalog catalog, Json json) {
    this.foundation = new FoundationModels(catalog);
    this.profiles = new InferenceProfiles(catalog);
    this.imported = new ImportedModels(catalog);
    this.json = json;
  }

  @Override
  public @Nullable Call route(String method, String rawPath) {
    if (!method.equals("GET")) {
      return null;
    }
    Matcher one = ONE.matcher(rawPath);
    if (one.matches()) {
      String rawId = one.group(2);
      return switch (one.group(1)) {
        case "foundation-models" -> get("GetFoundationModel", rawId, foundation::get);
        case "foundation-model-availability" ->
            Call.of(
                "GetFoundationModelAvailability",
                exchange ->
                    send(
                        exchange,
                        foundation.availability(ModelIds.decode(rawId), exchange.caller())));
        case "inference-profiles" -> get("GetInferenceProfile", rawId, profiles::get);
        default -> get("GetImportedModel", rawId, imported::get);
      };
    }
    return switch (rawPath) {
      case "/foundation-models" -> list("ListFoundationModels", foundation::list);
      case "/inference-profiles" -> list("ListInferenceProfiles", profiles::list);
      case "/imported-models" -> list("ListImportedModels", imported::list);
      default -> null;
    };
  }

  private Call get(String operation, String rawId, Function<String, ObjectNode> read) {
    return Call.of(operation, exchange -> send(exchange, read.apply(ModelIds.decode(rawId))));
  }

  private Call list(String operation, Function<ListQuery, ObjectNode> read) {
    return Call.of(operation, exchange -> send(exchange, read.apply(new ListQuery(exchange))));
  }

  private void send(Exchange exchange, ObjectNode answer) {
    exchange.send(json.bytes(answer), Map.of());
  }
}
