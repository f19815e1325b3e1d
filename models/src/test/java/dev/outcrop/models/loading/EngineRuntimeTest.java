package dev.outcrop.models.loading;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is told of libtorch and the processor. */
final class EngineRuntimeTest {
  private static final String CONFIG =
      """
      PyTorch built with:
        - GCC 9.3
        - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for Intel(R) 64
        - Intel(R) MKL-DNN v3.7.1 (Git Hash 8d263e693366ef8db40acc569cc7d8edf644556d)
        - CPU capability usage: AVX512
        - Build settings: BLAS_INFO=mkl, CXX_COMPILER=c++, CXX_FLAGS= -DUSE_FBGEMM -O2 -fPIC -Wall \
      -DNDEBUG -DLIBKINETO_NOCUPTI -fno-math-errno -Werror=format, LAPACK_INFO=mkl, USE_MKL=ON,
      """;

  @Test
  void readsWhatLibtorchTells() {
    EngineRuntime runtime =
        EngineRuntime.of(
            "2.7.1", CONFIG, List.of("fpu", "avx2", "amx_int8", "amx_bf16"), Map.of(), 2, true);

    assertThat(runtime)
        .isEqualTo(
            new EngineRuntime(
                "2.7.1",
                "AVX512",
                "BLAS mkl, MKL 2024.2, oneDNN v3.7.1",
                "amx_bf16 amx_int8 avx2",
                "-DUSE_FBGEMM -O2 -fPIC -DNDEBUG -fno-math-errno",
                2,
                true));
  }

  @Test
  void saysSoWhereItTellsNothing() {
    EngineRuntime runtime = EngineRuntime.of("2.7.1", "", List.of(), Map.of(), 1, false);

    assertThat(runtime.capability()).isEqualTo("unknown");
    assertThat(runtime.libraries()).isEqualTo("BLAS unknown, oneDNN unknown");
    assertThat(runtime.oneDnnIsa()).isEqualTo("unknown");
    assertThat(runtime.flags()).isEqualTo("unknown");
  }

  @Test
  void namesTheLimitOfOneDnnThatTheEnvironmentSets() {
    Map<String, String> environment = Map.of("ONEDNN_MAX_CPU_ISA", "AVX2");

    assertThat(EngineRuntime.of("", "", List.of("avx512f"), environment, 1, true).oneDnnIsa())
        .isEqualTo("at most AVX2");
  }

  /** Our own libtorch for Linux tells all of it; another one need not. */
  @Test
  void asksTheLibtorchThatIsThere() {
    EngineRuntime runtime = EngineRuntime.here();

    assertThat(runtime.libtorch()).startsWith("2.7.1");
    assertThat(runtime.threads()).isPositive().isEqualTo(EngineRuntime.threadsHere());
    if (System.getProperty("os.name", "").equals("Linux")
        && System.getProperty("os.arch", "").equals("amd64")) {
      assertThat(runtime.capability()).isIn("NO AVX", "AVX2", "AVX512");
      assertThat(runtime.libraries()).contains("MKL 2").contains("oneDNN v3.");
      assertThat(runtime.flags()).contains("-O2");
      assertThat(runtime.oneDnnIsa()).isNotEqualTo("unknown");
    }
  }
}
