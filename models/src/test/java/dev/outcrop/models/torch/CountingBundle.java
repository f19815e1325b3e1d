package dev.outcrop.models.torch;

import dev.outcrop.models.weights.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A bundle without Python: its program has the methods of NxDModel V2, and a model that is easily
 * done by hand. The next token is the sum of all tokens of the slot, each times its place counted
 * from 1, and of a weight, modulo the vocabulary.
 */
final class CountingBundle {
  static final int VOCABULARY = 61;
  static final int SLOTS = 4;
  static final int LONGEST = 24;
  static final String HASH = "0123456789abcdef".repeat(4);
  private static final int WEIGHT = 5;

  private static final String PROGRAM =
      """
      class TorchScriptNxDModel(Module):
        __parameters__ = []
        __buffers__ = []
        weights : List[Dict[str, Tensor]]
        state : List[Tensor]
        loaded : bool

        def set_weights(self: __torch__.TorchScriptNxDModel,
          sharded_checkpoint: List[Dict[str, Tensor]]) -> None:
          self.weights = sharded_checkpoint
          self.state.append(torch.zeros([5, 24], dtype=4))

        def to_neuron(self: __torch__.TorchScriptNxDModel) -> None:
          self.loaded = True

        def next(self: __torch__.TorchScriptNxDModel,
          slot: int,
          first: int,
          last: int,
          tokens: Tensor) -> int:
          state = self.state[0]
          for i in range(torch.size(tokens, 0)):
            place = torch.select(torch.select(state, 0, 4), 0, i)
            if i <= last:
              place = torch.select(torch.select(state, 0, slot), 0, first + i)
            _0 = torch.copy_(place, torch.select(tokens, 0, i))
          sum = 0
          for rank in range(len(self.weights)):
            sum = sum + int(self.weights[rank]["weight"])
          for j in range(first + last + 1):
            sum = sum + (j + 1) * int(torch.select(torch.select(state, 0, slot), 0, j))
          return torch.remainder(sum, 61)

        def forward(self: __torch__.TorchScriptNxDModel,
          args: Optional[List[Tensor]],
          kwargs: Optional[Dict[str, Tensor]]) -> RESULT:
          assert self.loaded, "Model not initialized"
          inputs = unchecked_cast(List[Tensor], args)
          tokens, positions, slots, last, columns, = inputs
          context = torch.size(columns, 0)
          assert int(torch.select(columns, 0, context - 1)) == context - 1, "columns are not counted"
          rows = torch.size(tokens, 0)
          logits = torch.zeros([rows, WIDTH])
          chosen = torch.zeros([rows], dtype=3)
          for row in range(rows):
            at = int(torch.select(positions, 0, row))
            end = int(torch.select(last, 0, row))
            assert at + end < context, "a row leaves the context"
            token = self.next(int(torch.select(slots, 0, row)), at, end, torch.select(tokens, 0, row))
            _0 = torch.fill_(torch.select(torch.select(logits, 0, row), 0, token), 10.)
            _1 = torch.fill_(torch.select(chosen, 0, row), token)
          return RETURNED
      """;

  private int width = VOCABULARY;
  private int ranks = 1;
  private boolean device;
  private String backend = "cpu";
  private String torch = "2.7.1";
  private String program = PROGRAM;
  private DType type = DType.F32;
  private long ballast = Float.BYTES;

  /** Logits of another width than the vocabulary has. */
  CountingBundle width(int tokens) {
    width = tokens;
    return this;
  }

  /** Weights split over ranks. */
  CountingBundle ranks(int count) {
    ranks = count;
    return this;
  }

  /** A program that returns the most likely tokens, too. */
  CountingBundle onDevice() {
    device = true;
    return this;
  }

  CountingBundle backend(String name) {
    backend = name;
    return this;
  }

  CountingBundle torch(String version) {
    torch = version;
    return this;
  }

  /** Another program. */
  CountingBundle program(String old, String other) {
    program = program.replace(old, other);
    return this;
  }

  /** Weights in bfloat16. */
  CountingBundle bfloat16() {
    type = DType.BF16;
    return this;
  }

  /** Each rank has so many bytes more of weights, which nothing reads; no space on the disk. */
  CountingBundle ballast(long bytes) {
    ballast = bytes;
    return this;
  }

  /** What follows these tokens, by hand. */
  static int next(int... tokens) {
    int sum = WEIGHT;
    for (int i = 0; i < tokens.length; i++) {
      sum += (i + 1) * tokens[i];
    }
    return sum % VOCABULARY;
  }

  /** Writes the folder. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("weights"));
    String text =
        program
            .replace("WIDTH", Integer.toString(width))
            .replace("RESULT", device ? "Tuple[Tensor, Tensor]" : "Tensor")
            .replace("RETURNED", device ? "(chosen, logits)" : "logits");
    Files.write(folder.resolve("model.pt"), TorchArchive.write(text));
    List<String> files = new ArrayList<>(List.of("model.pt"));
    for (int rank = 0; rank < ranks; rank++) {
      String name = "weights/tp%d_sharded_checkpoint.safetensors".formatted(rank);
      Files.write(folder.resolve(name), weights(rank));
      try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
        file.setLength(file.length() + ballast);
      }
      files.add(name);
    }
    List<String> sizes = new ArrayList<>();
    for (String file : files) {
      sizes.add("\"%s\": %d".formatted(file, Files.size(folder.resolve(file))));
    }
    Files.writeString(
        folder.resolve("manifest.json"),
        """
        {"format": 1, "backend": "%s", "model": {"id": "counting", "family": "llama", "hash": "%s"},
         "dtype": "%s", "tensor_parallel": %d, "versions": {"torch": "%s"}, "slots": 4,
         "prefill_tokens": [4, 8], "decode_rows": [1, 2, 4], "contexts": [12, 24],
         "sampling": "%s", "files": {%s},
         "compiled": {"seconds": 0.5, "target": "cpu", "compiler_args": ""}}
        """
            .formatted(
                backend,
                HASH,
                type == DType.F32 ? "float32" : "bfloat16",
                ranks,
                torch,
                device ? "device" : "host",
                String.join(", ", sizes)));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2,
         "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 61,
         "max_position_embeddings": 64, "rms_norm_eps": 1e-05}
        """);
  }

  /** The weight is whole in the sum of the ranks'. */
  private byte[] weights(int rank) {
    String header =
        """
        {"__metadata__":{"outcrop.model":"%s","outcrop.rank":"%d","outcrop.ranks":"%d"},\
        "weight":{"dtype":"%s","shape":[],"data_offsets":[0,%d]},\
        "ballast":{"dtype":"%4$s","shape":[%6$d],"data_offsets":[%5$d,%7$d]}}"""
            .formatted(
                HASH,
                rank,
                ranks,
                type,
                type.bytes(),
                ballast / type.bytes(),
                type.bytes() + ballast);
    header += " ".repeat(Math.floorMod(-header.length(), Long.BYTES));
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    int bits = Float.floatToIntBits(rank == 0 ? WEIGHT - ranks + 1 : 1);
    ByteBuffer file =
        ByteBuffer.allocate(Long.BYTES + json.length + type.bytes())
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    return type == DType.F32
        ? file.putInt(bits).array()
        : file.putShort((short) (bits >> Short.SIZE)).array();
  }
}
