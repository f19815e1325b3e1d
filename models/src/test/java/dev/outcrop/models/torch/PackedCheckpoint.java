package dev.outcrop.models.torch;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.PackedWeights.Method;
import dev.outcrop.models.weights.Checkpoint;
import dev.outcrop.models.weights.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A fixture's checkpoint with linear layers in four bits as GPTQ or AWQ writes them, and the same
 * numbers written out. Written from the formats' description, number by number.
 */
final class PackedCheckpoint {
  static final int GROUP = 32;
  private static final int[] AWQ_COLUMNS = {0, 2, 4, 6, 1, 3, 5, 7}; // by place in an int32
  private static final int EIGHT = 8;

  private final Method method;
  private final int storedLess;
  private final boolean shuffled;
  private final Random random = new Random(7);
  private final List<Part> packed = new ArrayList<>();
  private final List<Part> whole = new ArrayList<>();

  /**
   * @param storedLess what stored zeros are too small by
   * @param shuffled whether inputs belong to groups in no order
   */
  PackedCheckpoint(Method method, int storedLess, boolean shuffled) {
    this.method = method;
    this.storedLess = storedLess;
    this.shuffled = shuffled;
  }

  /** Writes both below a folder, as {@code packed} and {@code whole}. */
  void write(Path fixture, String quantisation, Path folder) throws IOException {
    for (Part part : Part.of(fixture)) {
      boolean fits = part.shape().size() == 2 && part.shape().getLast() % GROUP == 0;
      if (fits && part.name().contains("_proj.weight")) {
        pack(part);
      } else {
        packed.add(part);
        whole.add(part);
      }
    }
    String config = Files.readString(fixture.resolve("config.json"));
    for (String name : List.of("packed", "whole")) {
      Path to = Files.createDirectories(folder.resolve(name));
      String more = ",\"quantization_config\":" + quantisation + "}";
      String text = config.strip();
      Files.writeString(
          to.resolve("config.json"),
          name.equals("packed") ? text.substring(0, text.length() - 1) + more : text);
      Part.write(to.resolve("model.safetensors"), name.equals("packed") ? packed : whole);
    }
  }

  static TorchEngine open(Path folder, TorchOptions options) {
    return TorchEngine.open(DecoderConfig.read(folder), Checkpoint.open(folder), options);
  }

  private void pack(Part part) {
    int n = Math.toIntExact(part.shape().getFirst());
    int k = Math.toIntExact(part.shape().getLast());
    int groups = k / GROUP;
    int[] groupOf = new int[k];
    for (int i = 0; i < k; i++) {
      groupOf[i] = shuffled ? random.nextInt(groups) : i / GROUP;
    }
    int[][] zeros = new int[groups][n];
    ByteBuffer scales = buffer(2 * groups * n);
    float[][] scale = new float[groups][n];
    for (int g = 0; g < groups; g++) {
      for (int o = 0; o < n; o++) {
        zeros[g][o] = random.nextInt(16);
        scale[g][o] =
            Float.float16ToFloat(Float.floatToFloat16(0.02f + 0.05f * random.nextFloat()));
        scales.putShort(Float.floatToFloat16(scale[g][o]));
      }
    }
    int[][] q = new int[k][n];
    ByteBuffer values = buffer(4 * n * k);
    for (int o = 0; o < n; o++) {
      for (int i = 0; i < k; i++) {
        q[i][o] = random.nextInt(16);
        int zero = zeros[groupOf[i]][o] + storedLess;
        values.putFloat((q[i][o] - zero) * scale[groupOf[i]][o]);
      }
    }
    whole.add(new Part(part.name(), DType.F32, part.shape(), values.array()));
    String name = part.name().replace(".weight", "");
    boolean gptq = method == Method.GPTQ;
    packed.add(integers(name + ".qweight", gptq ? downward(q) : across(q)));
    packed.add(integers(name + ".qzeros", across(zeros)));
    packed.add(
        new Part(name + ".scales", DType.F16, List.of((long) groups, (long) n), scales.array()));
    if (gptq) {
      ByteBuffer order = buffer(4 * k);
      for (int group : groupOf) {
        order.putInt(group);
      }
      packed.add(new Part(name + ".g_idx", DType.I32, List.of((long) k), order.array()));
    }
  }

  /** Eight rows in one. */
  private static int[][] downward(int[][] numbers) {
    int[][] packed = new int[numbers.length / EIGHT][numbers[0].length];
    for (int i = 0; i < numbers.length; i++) {
      for (int o = 0; o < numbers[i].length; o++) {
        packed[i / EIGHT][o] |= numbers[i][o] << 4 * (i % EIGHT);
      }
    }
    return packed;
  }

  /** Eight columns in one. */
  private int[][] across(int[][] numbers) {
    int[][] packed = new int[numbers.length][numbers[0].length / EIGHT];
    for (int i = 0; i < numbers.length; i++) {
      for (int o = 0; o < numbers[i].length; o++) {
        int place = o % EIGHT;
        int column = method == Method.AWQ ? AWQ_COLUMNS[place] : place;
        packed[i][o / EIGHT] |= numbers[i][o / EIGHT * EIGHT + column] << 4 * place;
      }
    }
    return packed;
  }

  private static Part integers(String name, int[][] rows) {
    ByteBuffer data = buffer(4 * rows.length * rows[0].length);
    for (int[] row : rows) {
      for (int number : row) {
        data.putInt(number);
      }
    }
    return new Part(
        name, DType.I32, List.of((long) rows.length, (long) rows[0].length), data.array());
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
