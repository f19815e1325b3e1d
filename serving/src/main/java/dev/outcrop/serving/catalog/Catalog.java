package dev.outcrop.serving.catalog;

import dev.outcrop.serving.config.CatalogConfig;
import dev.outcrop.serving.config.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that the control plane shows: models whose id has the form of a foundation model's are such,
 * the others are imported ones. Made once, read from any thread.
 */
public final class Catalog {
  private final CatalogConfig config;
  private final List<ModelCard> foundation = new ArrayList<>();
  private final List<ModelCard> imported = new ArrayList<>();
  private final Map<String, ModelCard> profiles = new LinkedHashMap<>();

  /**
   * Reads the models.
   *
   * @param configs what the operator says of them; models without such are shown by their ids
   * @param now how old models are whose files do not tell
   */
  public Catalog(ModelIds ids, CatalogConfig config, List<ModelConfig> configs, Instant now) {
    this.config = config;
    Map<String, ModelConfig> byId = new HashMap<>();
    configs.forEach(each -> byId.put(each.id(), each));
    for (ModelIds.Served model : ids.models()) {
      add(model, byId.getOrDefault(model.id(), ModelConfig.DEFAULT), now);
    }
  }

  private void add(ModelIds.Served model, ModelConfig says, Instant now) {
    Instant since = since(says, now);
    ModelCard.Task task = ModelCard.Task.of(model);
    ModelCard main =
        ModelCard.of(model.id(), model.id(), says.name(), says.provider(), task, since);
    ModelCard first = null;
    List<String> applications = new ArrayList<>();
    for (String id : model.ids()) {
      ModelCard card = ModelCard.of(id, model.id(), says.name(), says.provider(), task, since);
      if (ModelCard.isFoundation(id)) {
        foundation.add(card);
        first = first == null ? card : first;
      } else if (id.contains(":application-inference-profile/")) {
        applications.add(id);
      } else if (id.equals(model.id())) {
        imported.add(card);
      }
    }
    for (String profile : applications) {
      profiles.put(profile, first == null ? main : first);
    }
  }

  /** When the files of a model came. */
  private static Instant since(ModelConfig says, Instant now) {
    try {
      return Files.getLastModifiedTime(says.path().resolve("config.json"))
          .toInstant()
          .truncatedTo(ChronoUnit.SECONDS);
    } catch (IOException e) {
      return now.truncatedTo(ChronoUnit.SECONDS);
    }
  }

  /** The foundation models, in the operator's order. */
  public List<ModelCard> foundationModels() {
    return List.copyOf(foundation);
  }

  /** The imported models, in the same order. */
  public List<ModelCard> importedModels() {
    return List.copyOf(imported);
  }

  /** The application inference profiles, which are ARNs, and the models that they mean. */
  public Map<String, ModelCard> applicationProfiles() {
    return Collections.unmodifiableMap(profiles);
  }

  /** The region that ARNs name. */
  public String region() {
    return config.region();
  }

  /** The ARN of a model. */
  public String arn(ModelCard model) {
    return ModelCard.isFoundation(model.id())
        ? "arn:aws:bedrock:%s::foundation-model/%s".formatted(config.region(), model.id())
        : arn("imported-model", ImportedId.of(model.id()));
  }

  /** The ARN of something of the account. */
  public String arn(String kind, String id) {
    return "arn:aws:bedrock:%s:%s:%s/%s".formatted(config.region(), config.account(), kind, id);
  }
}
