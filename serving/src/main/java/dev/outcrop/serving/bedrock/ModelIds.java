package dev.outcrop.serving.bedrock;

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
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Finds the model that a model id of the URL means. An id is what the operator chose, or an ARN
 * that ends in it, or an inference profile of it ({@code us.meta.llama3-..}).
 */
final class ModelIds {
  private static final int MAX_LENGTH = 2_048;
  private static final Pattern ARN = Pattern.compile("arn:aws[a-z-]*:(bedrock|sagemaker):[^/]*/.+");
  private static final Pattern PROVIDER_FORM = Pattern.compile("[a-zA-Z0-9-]+\\.[a-zA-Z0-9.:_-]+");
  private static final Pattern PROFILE =
      Pattern.compile("(us|us-gov|eu|apac|au|ca|jp|sa|me|af|global)\\.(.+)");

  /** What is served under an id. */
  sealed interface Served {
    /** The id of the operator's choice. */
    String id();

    /** A model that generates text. */
    record Generator(ServedModel model) implements Served {
      @Override
      public String id() {
        return model.id();
      }
    }

    /** A model that makes embeddings. */
    record Encoder(ServedEncoder model) implements Served {
      @Override
      public String id() {
        return model.id();
      }
    }
  }

  private final Map<String, Served> models = new LinkedHashMap<>();

  ModelIds(Collection<ServedModel> generators, Collection<ServedEncoder> encoders) {
    for (ServedModel model : generators) {
      Served served = new Served.Generator(model);
      put(model.id(), served);
      model.aliases().forEach(alias -> put(alias, served));
    }
    for (ServedEncoder model : encoders) {
      Served served = new Served.Encoder(model);
      put(model.id(), served);
      model.aliases().forEach(alias -> put(alias, served));
    }
  }

  /** The model of a path segment, decoded once. */
  Served resolve(String rawId) {
    String id = decode(rawId);
    if (id.isEmpty() || id.length() > MAX_LENGTH) {
      throw invalid();
    }
    for (String candidate : candidates(id)) {
      Served model = models.get(candidate);
      if (model != null) {
        return model;
      }
    }
    if (ARN.matcher(id).matches() || PROVIDER_FORM.matcher(id).matches()) {
      throw new OutcropException(
          ServingError.MODEL_UNKNOWN,
          "Could not resolve the foundation model from the provided model identifier.");
    }
    throw invalid();
  }

  private static List<String> candidates(String id) {
    List<String> candidates = new ArrayList<>();
    candidates.add(id);
    String last = id;
    if (ARN.matcher(id).matches()) {
      last = id.substring(id.lastIndexOf('/') + 1);
      candidates.add(id.substring(id.indexOf('/') + 1));
      candidates.add(last);
    }
    var profile = PROFILE.matcher(last);
    if (profile.matches()) {
      candidates.add(profile.group(2));
    }
    return candidates;
  }

  /** Percent-decodes a text once, strictly: what is not UTF-8 or not two hex digits is no id. */
  static String decode(String raw) {
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

  private void put(String id, Served model) {
    Served other = models.putIfAbsent(id, model);
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
