package dev.outcrop.serving.catalog;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.ServedModel;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the model that a client's model id means. An id is what the operator chose, a further id of
 * the model, an ARN that ends in one of these, or an inference profile of it ({@code
 * us.meta.llama3-..}). Region and account of an ARN are the client's own. Called from any thread.
 */
public final class ModelIds {
  private static final int MAX_LENGTH = 2_048;
  private static final Pattern ARN =
      Pattern.compile(
          "arn:aws[a-z-]*:(?:bedrock|sagemaker):[a-z0-9-]{0,20}:[0-9]{0,12}:([a-z-]{1,40})/(.+)");
  private static final Pattern PROFILE =
      Pattern.compile("(us|us-gov|eu|apac|au|ca|jp|sa|me|af|global)\\.(.+)");

  /** What belongs to an account: where it is not there, it may have been. */
  private static final Set<String> RESOURCES =
      Set.of(
          "application-inference-profile",
          "custom-model",
          "custom-model-deployment",
          "endpoint",
          "imported-model",
          "provisioned-model");

  /** What is served under an id. */
  public sealed interface Served {
    /** The id of the operator's choice. */
    String id();

    /** Further ids. */
    List<String> aliases();

    /** All ids, that of the operator's choice first. */
    default List<String> ids() {
      return Stream.concat(Stream.of(id()), aliases().stream()).toList();
    }

    /** A model that generates text. */
    record Generator(ServedModel model) implements Served {
      @Override
      public String id() {
        return model.id();
      }

      @Override
      public List<String> aliases() {
        return model.aliases();
      }
    }

    /** A model that makes embeddings or scores. */
    record Encoder(ServedEncoder model) implements Served {
      @Override
      public String id() {
        return model.id();
      }

      @Override
      public List<String> aliases() {
        return model.aliases();
      }
    }
  }

  private final Set<Served> models = new LinkedHashSet<>();
  private final Map<String, Served> byId = new LinkedHashMap<>();

  /**
   * Knows the ids of models.
   *
   * @throws OutcropException where two models have one id
   */
  public ModelIds(Collection<ServedModel> generators, Collection<ServedEncoder> encoders) {
    for (ServedModel model : generators) {
      put(new Served.Generator(model));
    }
    for (ServedEncoder model : encoders) {
      put(new Served.Encoder(model));
    }
    for (Served model : models) {
      byId.putIfAbsent(ImportedId.of(model.id()), model);
    }
  }

  /** All models, in the operator's order. */
  public Collection<Served> models() {
    return List.copyOf(models);
  }

  /** The model of a path segment, which is decoded once. */
  public Served resolve(String rawId) {
    return find(decode(rawId));
  }

  /** The same of an operation whose ids have a bound of their own. */
  public Served resolve(String rawId, int mostCharacters) {
    String id = decode(rawId);
    if (id.length() > mostCharacters) {
      throw invalid();
    }
    return find(id);
  }

  /** The model of an id; where there is none, the error is Bedrock's. */
  public Served find(String id) {
    return lookUp(id).orElseThrow(() -> unknown(id));
  }

  /** The model of an id. */
  public Optional<Served> lookUp(String id) {
    if (id.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    return candidates(id).stream().map(byId::get).filter(Objects::nonNull).findFirst();
  }

  private static OutcropException unknown(String id) {
    Matcher arn = ARN.matcher(id);
    boolean resource =
        id.length() <= MAX_LENGTH && arn.matches() && RESOURCES.contains(arn.group(1));
    return resource
        ? new OutcropException(
            ServingError.MODEL_UNKNOWN,
            "Could not resolve the foundation model from the provided model identifier.")
        : invalid();
  }

  /** Whether an id has the prefix of an inference profile, such as {@code us.}. */
  static boolean isProfile(String id) {
    return PROFILE.matcher(id).matches();
  }

  /**
   * The ids that a client's id may stand for: itself, and what is left of an ARN or an inference
   * profile.
   */
  public static List<String> candidates(String id) {
    Matcher arn = ARN.matcher(id);
    boolean isArn = arn.matches();
    List<String> candidates = new ArrayList<>();
    candidates.add(id);
    String last = id;
    if (isArn) {
      last = id.substring(id.lastIndexOf('/') + 1);
      candidates.add(arn.group(2));
      candidates.add(last);
    }
    Matcher profile = PROFILE.matcher(last);
    if ((!isArn || arn.group(1).endsWith("inference-profile")) && profile.matches()) {
      candidates.add(profile.group(2));
    }
    return candidates;
  }

  /** Percent-decodes a text once, strictly: what is not UTF-8 or not two hex digits is no id. */
  public static String decode(String raw) {
    byte[] in = raw.getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(in.length);
    for (int i = 0; i < in.length; i++) {
      if (in[i] != '%') {
        out.put(in[i]);
        continue;
      }
      int high = i + 2 <= in.length - 1 ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 <= in.length - 1 ? Character.digit(in[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw invalid();
      }
      out.put((byte) (high * 16 + low));
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(out.flip()).toString();
    } catch (CharacterCodingException e) {
      throw invalid();
    }
  }

  private void put(Served model) {
    models.add(model);
    model.ids().forEach(id -> put(id, model));
  }

  private void put(String id, Served model) {
    Served other = byId.putIfAbsent(id, model);
    if (other != null) {
      throw new OutcropException(
          ServingError.CONFIG_INVALID,
          "the model id %s is taken twice: by %s and by %s".formatted(id, other.id(), model.id()));
    }
  }

  private static OutcropException invalid() {
    return new OutcropException(
        ServingError.MODEL_ID_INVALID, "The provided model identifier is invalid.");
  }
}
