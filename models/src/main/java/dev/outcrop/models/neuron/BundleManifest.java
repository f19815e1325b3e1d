package dev.outcrop.models.neuron;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.models.engine.CompiledShapes;
import dev.outcrop.models.files.Fields;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What manifest.json of a bundle says; models/neuron/README.md describes the format. Written by
 * models/neuron/compile.py.
 *
 * @param backend what the program was compiled for
 * @param modelId what the compile job was told the model is called
 * @param family the model_type of config.json
 * @param modelHash SHA-256 of the checkpoint, in hexadecimal
 * @param float32 whether it computes in float32, else in bfloat16
 * @param ranks cores that share the weights (tensor parallelism)
 * @param versions of what compiled it, by name; "torch" is always there
 * @param slots sequences that have KV at the same time; one more is there for what only pads
 * @param shapes what it was compiled for; never {@link CompiledShapes#DEFAULT}
 * @param picksGreedy whether a step returns the most likely tokens beside the logits
 * @param files bytes of the program and of each rank's weights, by path within the bundle
 * @param compileSeconds how long compiling took
 * @param target the kind of instance, or cpu
 */
public record BundleManifest(
    Backend backend,
    String modelId,
    String family,
    String modelHash,
    boolean float32,
    int ranks,
    Map<String, String> versions,
    int slots,
    CompiledShapes shapes,
    boolean picksGreedy,
    Map<String, Long> files,
    double compileSeconds,
    String target) {
  private static final int FORMAT = 1;
  private static final int MOST_RANKS = 512;
  private static final int MOST_SLOTS = 4_096;
  private static final int MOST_TOKENS = 10_000_000;
  private static final int MOST_SIZES = 64;
  private static final double LONGEST_COMPILE = 1e9;

  /** What a program was compiled for. */
  public enum Backend {
    /** Neuron cores. */
    NEURON,
    /** The processor: a stand-in with the same methods and shapes, for tests. */
    CPU
  }

  /** Copies the maps. */
  public BundleManifest {
    versions = Map.copyOf(versions);
    files = Map.copyOf(files);
  }

  /** Bytes that a number of K or V takes. */
  public int elementBytes() {
    return float32 ? Float.BYTES : Short.BYTES;
  }

  static BundleManifest read(Path file) {
    Fields fields = Fields.read(file);
    int format = fields.integer("format", 1, Integer.MAX_VALUE);
    if (format != FORMAT) {
      throw fields.unsupported("format", Integer.toString(format), Integer.toString(FORMAT));
    }
    Fields model = object(fields, "model");
    Fields compiled = object(fields, "compiled");
    String hash = text(model, "hash");
    if (!hash.matches("[0-9a-f]{64}")) {
      throw model.invalid("hash", "must be 64 hexadecimal digits");
    }
    Map<String, String> versions = versions(object(fields, "versions"));
    if (!versions.containsKey("torch")) {
      throw fields.invalid("versions.torch", "is missing");
    }
    int slots = fields.integer("slots", 1, MOST_SLOTS);
    return new BundleManifest(
        Backend.valueOf(word(fields, "backend", List.of("neuron", "cpu")).toUpperCase(Locale.ROOT)),
        text(model, "id"),
        text(model, "family"),
        hash,
        word(fields, "dtype", List.of("bfloat16", "float32")).equals("float32"),
        fields.integer("tensor_parallel", 1, MOST_RANKS),
        versions,
        slots,
        shapes(fields, slots),
        word(fields, "sampling", List.of("host", "device")).equals("device"),
        sizes(object(fields, "files")),
        compiled.number("seconds", 0, LONGEST_COMPILE),
        text(compiled, "target"));
  }

  private static CompiledShapes shapes(Fields fields, int slots) {
    CompiledShapes shapes;
    try {
      shapes =
          new CompiledShapes(
              sizes(fields, "prefill_tokens"),
              sizes(fields, "decode_rows"),
              sizes(fields, "contexts"));
    } catch (IllegalArgumentException e) {
      throw fields.invalid("shapes:", String.valueOf(e.getMessage()));
    }
    if (shapes.decodeRows().getLast() > slots) {
      throw fields.invalid("decode_rows", "must not end above slots");
    }
    if (shapes.prefillTokens().getFirst() == 1) {
      // One row of one token would be a prompt and a decode at once.
      throw fields.invalid("prefill_tokens", "must begin above 1");
    }
    if ((slots + 1L) * shapes.longest() >= Integer.MAX_VALUE) {
      throw fields.invalid("slots", "times the last of contexts is too much");
    }
    return shapes;
  }

  private static List<Integer> sizes(Fields fields, String name) {
    List<Integer> sizes =
        fields.numbers(name, 1, MOST_TOKENS, MOST_SIZES).stream()
            .map(size -> whole(fields, name, size))
            .toList();
    if (sizes.isEmpty()) {
      throw fields.invalid(name, "must not be empty");
    }
    return sizes;
  }

  private static int whole(Fields fields, String name, double size) {
    if (size != Math.rint(size)) {
      throw fields.invalid(name, "must hold integers");
    }
    return (int) size;
  }

  private static Map<String, Long> sizes(Fields files) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> file : files.node().properties()) {
      if (!file.getValue().canConvertToLong() || file.getValue().longValue() < 0) {
        throw files.invalid(file.getKey(), "must be a number of bytes");
      }
      sizes.put(file.getKey(), file.getValue().longValue());
    }
    return sizes;
  }

  private static Map<String, String> versions(Fields fields) {
    Map<String, String> versions = new LinkedHashMap<>();
    for (String name : (Iterable<String>) fields.node()::fieldNames) {
      versions.put(name, text(fields, name));
    }
    return versions;
  }

  private static Fields object(Fields fields, String name) {
    @Nullable Fields object = fields.object(name);
    if (object == null) {
      throw fields.invalid(name, "is missing");
    }
    return object;
  }

  private static String text(Fields fields, String name) {
    String text = fields.text(name, "");
    if (text.isEmpty()) {
      throw fields.invalid(name, "is missing");
    }
    return text;
  }

  private static String word(Fields fields, String name, List<String> words) {
    String word = text(fields, name);
    if (!words.contains(word)) {
      throw fields.unsupported(name, word, String.join(", ", words));
    }
    return word;
  }
}
