package dev.outcrop.models.loading;

import dev.outcrop.models.torch.LibtorchBuild;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What engines compute with on this machine's processor. Bench commands print it beside what they
 * measured; the thread that ran the steps asks, for threads of an operator are set for each thread.
 *
 * @param libtorch version of libtorch
 * @param capability the instructions that libtorch's own kernels use here, such as {@code AVX512}
 * @param libraries the libraries of matrix products in it, with versions
 * @param oneDnnIsa the instructions that oneDNN may use: those of the processor that it has kernels
 *     for, or the limit that the environment sets
 * @param flags of libtorch's compiler, those that are about speed
 * @param threads threads that an operator uses which this thread calls
 * @param largePages whether libtorch asks the system for large pages
 */
public record EngineRuntime(
    String libtorch,
    String capability,
    String libraries,
    String oneDnnIsa,
    String flags,
    int threads,
    boolean largePages) {
  private static final String UNKNOWN = "unknown";
  private static final Pattern CAPABILITY = Pattern.compile("CPU capability usage: (.+)");
  private static final Pattern MKL = Pattern.compile("Math Kernel Library Version (\\S+?)-");
  private static final Pattern ONEDNN = Pattern.compile("(?:MKL-DNN|oneDNN) (v[0-9.]+)");
  private static final Pattern BLAS = Pattern.compile("BLAS_INFO=(\\w+)");
  private static final Pattern FLAGS = Pattern.compile("CXX_FLAGS=(.*?), \\w+=");

  /** Of a processor's, those that oneDNN has kernels for, by their names in /proc/cpuinfo. */
  private static final Set<String> ONEDNN_FEATURES =
      Set.of(
          "avx2",
          "avx_vnni",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "amx_bf16",
          "amx_int8",
          "asimd",
          "asimddp",
          "bf16",
          "i8mm",
          "sve");

  /** Asks libtorch and the system. Loads libtorch. */
  public static EngineRuntime here() {
    return of(
        LibtorchBuild.version(),
        LibtorchBuild.config(),
        features(),
        System.getenv(),
        LibtorchBuild.threads(),
        LibtorchBuild.largePages());
  }

  /** Threads that an operator uses which this thread calls. Loads libtorch. */
  public static int threadsHere() {
    return LibtorchBuild.threads();
  }

  static EngineRuntime of(
      String version,
      String config,
      List<String> features,
      Map<String, String> environment,
      int threads,
      boolean largePages) {
    List<String> libraries = new ArrayList<>();
    libraries.add("BLAS " + found(BLAS, config));
    if (MKL.matcher(config).find()) {
      libraries.add("MKL " + found(MKL, config));
    }
    libraries.add("oneDNN " + found(ONEDNN, config));
    return new EngineRuntime(
        version,
        found(CAPABILITY, config),
        String.join(", ", libraries),
        isa(features, environment),
        flags(found(FLAGS, config)),
        threads,
        largePages);
  }

  private static String isa(List<String> features, Map<String, String> environment) {
    String limit = environment.get("ONEDNN_MAX_CPU_ISA");
    if (limit != null) {
      return "at most " + limit;
    }
    String names =
        String.join(" ", features.stream().filter(ONEDNN_FEATURES::contains).sorted().toList());
    return names.isEmpty() ? UNKNOWN : names;
  }

  /** Warnings and names of its own parts say nothing about speed. */
  private static String flags(String all) {
    return String.join(
        " ",
        Arrays.stream(all.strip().split("\\s+"))
            .filter(flag -> usage(flag) || !(flag.startsWith("-W") || flag.startsWith("-D")))
            .toList());
  }

  private static boolean usage(String flag) {
    return flag.startsWith("-DUSE_") || flag.equals("-DNDEBUG");
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1).strip() : UNKNOWN;
  }

  /** What the first processor can do, as Linux names it; empty elsewhere. */
  private static List<String> features() {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(info, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .map(line -> List.of(line.substring(line.indexOf(':') + 1).strip().split("\\s+")))
          .orElse(List.of());
    } catch (IOException e) {
      return List.of();
    }
  }
}
