import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import com.github.tjake.jlama.util.MachineSpec;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import jdk.incubator.vector.FloatVector;

/**
 * Measures Jlama, a request a line on stdin, a JSON answer a line on stdout.
 *
 * <p>{@code java JlamaPeer.java FOLDER THREADS} answers {@code decode 1 CONTEXT STEPS} and {@code
 * prefill TOKENS RUNS}; it computes one sequence at a time, so that more streams are refused.
 * Counts what the model takes to give the next token.
 */
public final class JlamaPeer {
  private static final int CHUNK = 256; // its own limit, unless told otherwise
  private static final int WARM = 200; // until its loops are compiled

  private final AbstractModel model;
  private final int vocabulary;
  private final String types;
  private final AbstractTensor logits;

  private JlamaPeer(AbstractModel model, String types) {
    this.model = model;
    this.types = types;
    vocabulary = model.getConfig().vocabularySize;
    logits = model.makeDenseTensor(vocabulary);
  }

  public static void main(String[] arguments) throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err); // its log must not stand among the answers
    try {
      PhysicalCoreExecutor.overrideThreadCount(Integer.parseInt(arguments[1]));
      // Weights stay in bfloat16. Told to compute in it too, it gives other tokens than everybody.
      AbstractModel model = ModelSupport.loadModel(new File(arguments[0]), DType.F32, DType.F32);
      JlamaPeer peer = new JlamaPeer(model, "weights BF16, computes in F32");
      peer.warm();
      out.println(peer.described());
      var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        out.println(peer.answer(line.split(" ")));
        out.flush();
      }
    } catch (Throwable e) { // also an Error of a native library; who asked learns why
      out.println("{\"error\":\"" + e.toString().replaceAll("[^ -~]|[\"\\\\]", " ") + "\"}");
      e.printStackTrace();
      System.exit(1);
    }
    System.exit(0); // its pools have threads that would stay
  }

  private String described() {
    TensorOperations kernels = TensorOperationsProvider.get();
    int threads = PhysicalCoreExecutor.instance.get().getCoreCount();
    return ("{\"settings\":{\"version\":\"%s, Java %s\",\"backend\":\"%s %s of %s\","
            + "\"buildFlags\":\"%s, Java vectors of %d bits, machine %s\","
            + "\"threads\":\"%d\",\"batchThreads\":\"%d\",\"dtype\":\"%s\"}}")
        .formatted(
            jar(AbstractModel.class),
            Runtime.version(),
            kernels.getClass().getSimpleName(),
            kernels.name(),
            jar(kernels.getClass()),
            instructions(kernels),
            FloatVector.SPECIES_PREFERRED.vectorBitSize(),
            MachineSpec.VECTOR_TYPE,
            threads,
            threads, // prompts and steps go through the same pool
            types);
  }

  /** The file that a class comes from, whose name has the version. */
  private static String jar(Class<?> type) {
    return new File(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getName();
  }

  /** What its native code is told to use; none where kernels are Java's. */
  private static String instructions(TensorOperations kernels) {
    try {
      var field = kernels.getClass().getDeclaredField("flags");
      field.setAccessible(true);
      int flags = field.getInt(kernels);
      boolean avx2 = (flags & kernels.getClass().getField("HAS_AVX2").getInt(null)) != 0;
      boolean f16c = (flags & kernels.getClass().getField("HAS_F16C").getInt(null)) != 0;
      return "native code with" + (avx2 ? " AVX2" : "") + (f16c ? " F16C" : "");
    } catch (ReflectiveOperationException e) {
      return "no native code";
    }
  }

  private void warm() {
    prefill(512, 4);
    decode(16, WARM);
  }

  private String answer(String[] request) {
    int first = Integer.parseInt(request[1]);
    int second = Integer.parseInt(request[2]);
    if (request[0].equals("prefill")) {
      double[] millis = new double[second];
      int token = 0;
      for (int i = -1; i < second; i++) {
        try (var buffer = buffer()) {
          long start = System.nanoTime();
          token = next(prompt(first, buffer));
          if (i >= 0) {
            millis[i] = (System.nanoTime() - start) / 1e6;
          }
        }
      }
      return "{\"millis\":" + Arrays.toString(millis) + ",\"token\":" + token + "}";
    }
    if (first != 1) {
      return "{\"absent\":\"computes one sequence at a time\"}";
    }
    return "{\"millis\":" + Arrays.toString(decode(second, Integer.parseInt(request[3]))) + "}";
  }

  private void prefill(int tokens, int runs) {
    for (int i = 0; i < runs; i++) {
      try (var buffer = buffer()) {
        prompt(tokens, buffer);
      }
    }
  }

  private double[] decode(int context, int steps) {
    double[] millis = new double[steps];
    try (var buffer = buffer()) {
      prompt(context, buffer);
      for (int i = 0; i < steps; i++) {
        int position = context + i;
        long start = System.nanoTime();
        AbstractTensor state = model.forward(token(position), position, buffer, Optional.empty());
        next(state);
        state.close();
        millis[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    return millis;
  }

  /** The state after the last token. */
  private AbstractTensor prompt(int tokens, KvBufferCache.KvBuffer buffer) {
    AbstractTensor last = null;
    for (int from = 0; from < tokens; from += CHUNK) {
      int[] chunk = new int[Math.min(CHUNK, tokens - from)];
      for (int i = 0; i < chunk.length; i++) {
        chunk[i] = token(from + i);
      }
      last = model.batchForward(chunk, from, buffer);
    }
    return last.slice(last.shape().first() - 1);
  }

  private KvBufferCache.KvBuffer buffer() {
    return new KvBufferCache(model).getKvBuffer(UUID.randomUUID());
  }

  private int token(int position) {
    return (int) ((position * 104729L + 13) % vocabulary); // that of the first stream of the others
  }

  /** The likeliest token; its way to the logits takes only what it chooses a token from. */
  private int next(AbstractTensor state) {
    return model.sample(state, 0, 0, logits);
  }
}
