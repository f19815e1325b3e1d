package dev.outcrop.models.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Makes the bundle of the demo model for tests, without Python: manifest and program were compiled
 * once for the processor (models/neuron/compile.py), and this puts the weights of the checkpoint
 * beside them under the names that the program wants, in float32.
 */
public final class StandIn {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MANIFEST = "manifest.json";
  private static final String PROGRAM = "model.pt";
  private static final String WEIGHTS = "weights/tp0_sharded_checkpoint.safetensors";

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("model.embed_tokens", "embedding"),
          Map.entry("model.norm", "norm"),
          Map.entry("input_layernorm", "attention_norm"),
          Map.entry("post_attention_layernorm", "mlp_norm"),
          Map.entry("self_attn.q_proj", "attention.q"),
          Map.entry("self_attn.k_proj", "attention.k"),
          Map.entry("self_attn.v_proj", "attention.v"),
          Map.entry("self_attn.o_proj", "attention.o"),
          Map.entry("mlp.gate_proj", "mlp.gate"),
          Map.entry("mlp.up_proj", "mlp.up"),
          Map.entry("mlp.down_proj", "mlp.down"));

  private StandIn() {}

  /**
   * Writes a bundle.
   *
   * @param compiled a folder with manifest.json and model.pt
   * @param checkpoint the demo model, whose head is its embedding
   * @param bundle the folder to write
   */
  public static void write(Path compiled, Path checkpoint, Path bundle) {
    try {
      Files.createDirectories(bundle.resolve("weights"));
      try (Stream<Path> files = Files.list(checkpoint)) {
        for (Path file : files.filter(f -> !f.toString().endsWith(".safetensors")).toList()) {
          Files.copy(file, bundle.resolve(file.getFileName().toString()));
        }
      }
      Files.copy(compiled.resolve(PROGRAM), bundle.resolve(PROGRAM));
      ObjectNode manifest =
          (ObjectNode) JSON.readTree(Files.readString(compiled.resolve(MANIFEST)));
      String hash = manifest.path("model").path("hash").textValue();
      Files.write(bundle.resolve(WEIGHTS), weights(Checkpoint.open(checkpoint), hash));
      ObjectNode files = manifest.putObject("files");
      for (String name : List.of(PROGRAM, WEIGHTS)) {
        files.put(name, Files.size(bundle.resolve(name)));
      }
      Files.writeString(bundle.resolve(MANIFEST), JSON.writeValueAsString(manifest));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] weights(Checkpoint checkpoint, String hash) throws IOException {
    TreeMap<String, StoredTensor> tensors = new TreeMap<>();
    for (StoredTensor tensor : checkpoint.tensors()) {
      tensors.put(name(tensor.name()), tensor);
    }
    tensors.put("head.weight", checkpoint.require("model.embed_tokens.weight", shape(checkpoint)));
    ObjectNode header = JSON.createObjectNode();
    header
        .putObject("__metadata__")
        .put("outcrop.model", hash)
        .put("outcrop.rank", "0")
        .put("outcrop.ranks", "1");
    long end = 0;
    for (Map.Entry<String, StoredTensor> each : tensors.entrySet()) {
      ObjectNode entry = header.putObject(each.getKey()).put("dtype", "F32");
      each.getValue().shape().forEach(entry.putArray("shape")::add);
      long bytes = Float.BYTES * each.getValue().elements();
      entry.putArray("data_offsets").add(end).add(end + bytes);
      end += bytes;
    }
    String text = JSON.writeValueAsString(header);
    text += " ".repeat(Math.floorMod(-text.length(), Long.BYTES));
    byte[] json = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + json.length + end))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    for (StoredTensor tensor : tensors.values()) {
      for (float number : Checkpoint.read(tensor)) {
        file.putFloat(number);
      }
    }
    return file.array();
  }

  private static long[] shape(Checkpoint checkpoint) {
    StoredTensor embedding = checkpoint.find("model.embed_tokens.weight");
    if (embedding == null) {
      throw new IllegalArgumentException("the checkpoint has no embedding");
    }
    return embedding.shape().stream().mapToLong(Long::longValue).toArray();
  }

  /** {@code model.layers.0.mlp.up_proj.weight} is {@code layers.0.mlp.up.weight}. */
  private static String name(String stored) {
    String bare = stored.substring(0, stored.lastIndexOf('.'));
    String layer = "";
    if (bare.startsWith("model.layers.")) {
      int dot = bare.indexOf('.', "model.layers.".length());
      layer = bare.substring("model.".length(), dot + 1);
      bare = bare.substring(dot + 1);
    }
    String name = NAMES.get(bare);
    if (name == null) {
      throw new IllegalArgumentException("not a tensor of the demo model: " + stored);
    }
    return layer + name + ".weight";
  }
}
