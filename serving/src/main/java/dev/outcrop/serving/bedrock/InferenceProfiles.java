package dev.outcrop.serving.bedrock;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.catalog.Catalog;
import dev.outcrop.serving.catalog.ModelCard;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.http.ListQuery;
import dev.outcrop.serving.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Inference profiles of the control plane: for every foundation model that of the region's
 * geography and the global one, and those that the operator named by their ARN. Requests may name
 * the profile of any geography. Safe to use from any thread.
 */
final class InferenceProfiles {
  private static final Pattern IDENTIFIER =
      Pattern.compile(
          "(arn:aws(|-us-gov|-cn|-iso|-iso-b):bedrock:(|[0-9a-z-]{0,20}):(|[0-9]{12}):"
              + "(inference-profile|application-inference-profile)/)?[a-zA-Z0-9:.-]{1,1000}");
  private static final int MAX_NAME = 64;
  private static final String SYSTEM = "SYSTEM_DEFINED";
  private static final String APPLICATION = "APPLICATION";
  private static final List<String> TYPES = List.of(SYSTEM, APPLICATION);
  private static final Map<String, String> GEOGRAPHIES =
      Map.of(
          "us", "us",
          "us-gov", "us-gov",
          "eu", "eu",
          "ap", "apac",
          "ca", "ca",
          "sa", "sa",
          "me", "me",
          "af", "af");

  private final Catalog catalog;
  private final List<Profile> profiles = new ArrayList<>();

  /** One profile. */
  private record Profile(String id, String arn, String name, String type, ModelCard model) {
    /** Region and account of a system profile's ARN are the client's own. */
    boolean is(String identifier) {
      if (!identifier.startsWith("arn:")) {
        return id.equals(identifier);
      }
      return type.equals(APPLICATION)
          ? arn.equals(identifier)
          : identifier.endsWith(":inference-profile/" + id);
    }
  }

  InferenceProfiles(Catalog catalog) {
    this.catalog = catalog;
    String geography = geography(catalog.region());
    for (ModelCard model : catalog.foundationModels()) {
      Stream.of(geography, "global").forEach(prefix -> addSystem(prefix, model));
    }
    catalog
        .applicationProfiles()
        .forEach(
            (arn, model) -> {
              String id = arn.substring(arn.lastIndexOf('/') + 1);
              profiles.add(new Profile(id, arn, plain(id), APPLICATION, model));
            });
  }

  private static String geography(String region) {
    String place = region.startsWith("us-gov-") ? "us-gov" : region.split("-", 2)[0];
    return GEOGRAPHIES.getOrDefault(place, "us");
  }

  private void addSystem(String prefix, ModelCard model) {
    String id = prefix + "." + model.id();
    if (id.length() <= MAX_NAME) {
      String name =
          plain(prefix.toUpperCase(Locale.ROOT) + " " + model.provider() + " " + model.name());
      profiles.add(new Profile(id, catalog.arn("inference-profile", id), name, SYSTEM, model));
    }
  }

  /** Letters and digits, and single spaces between. */
  private static String plain(String name) {
    String plain = name.replaceAll("[^0-9a-zA-Z]+", " ").strip();
    return plain.substring(0, Math.min(MAX_NAME, plain.length()));
  }

  ObjectNode list(ListQuery query) {
    String type = query.choice("type", TYPES);
    List<Profile> listed =
        profiles.stream().filter(each -> type == null || type.equals(each.type())).toList();
    return query.page(listed, Profile::arn, "inferenceProfileSummaries", this::details);
  }

  ObjectNode get(String identifier) {
    if (!IDENTIFIER.matcher(identifier).matches()) {
      throw ListQuery.invalid(
          "inferenceProfileIdentifier",
          "Member must satisfy regular expression pattern: " + IDENTIFIER);
    }
    return profiles.stream()
        .filter(profile -> profile.is(identifier))
        .findFirst()
        .map(this::details)
        .orElseThrow(
            () ->
                new OutcropException(
                    ServingError.MODEL_UNKNOWN, "The inference profile does not exist."));
  }

  private ObjectNode details(Profile profile) {
    ObjectNode details = Json.object();
    String since = profile.model().since().toString();
    details
        .put("inferenceProfileName", profile.name())
        .put("description", "Routes requests to " + plain(profile.model().name()))
        .put("createdAt", since)
        .put("updatedAt", since)
        .put("inferenceProfileArn", profile.arn());
    details.putArray("models").addObject().put("modelArn", catalog.arn(profile.model()));
    return details
        .put("inferenceProfileId", profile.id())
        .put("status", "ACTIVE")
        .put("type", profile.type());
  }
}
