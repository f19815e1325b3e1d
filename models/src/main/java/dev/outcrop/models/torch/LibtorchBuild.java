package dev.outcrop.models.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What libtorch tells of itself. No operator of a program does, nor does DJL, so its C++ function
 * is called; where it has another name, nothing is told.
 */
public final class LibtorchBuild {
  private static final String SHOW_CONFIG = "_ZN2at11show_configB5cxx11Ev"; // at::show_config()

  /** A std::string of libstdc++: where the text is, how long it is, and room for a short one. */
  private static final MemoryLayout STRING =
      MemoryLayout.structLayout(ADDRESS, JAVA_LONG, MemoryLayout.sequenceLayout(16, JAVA_BYTE));

  private static final long MOST_BYTES = 1 << 16;

  private LibtorchBuild() {}

  /**
   * Its compiler, libraries, flags and the instructions it uses here, as Python prints them for
   * {@code torch.__config__.show()}; empty where it does not tell. Loads libtorch. For who prints
   * it once: the text's memory stays taken.
   */
  @SuppressWarnings("restricted") // what the command line allows for libtorch anyway
  public static String config() {
    String _ = TorchProgram.version(); // loads it
    Optional<MemorySegment> function = SymbolLookup.loaderLookup().find(SHOW_CONFIG);
    if (function.isEmpty()) {
      return "";
    }
    MethodHandle call =
        Linker.nativeLinker().downcallHandle(function.get(), FunctionDescriptor.of(STRING));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment string = (MemorySegment) call.invokeExact((SegmentAllocator) arena);
      long length = Math.min(string.get(JAVA_LONG, ADDRESS.byteSize()), MOST_BYTES);
      byte[] text = string.get(ADDRESS, 0).reinterpret(length).toArray(JAVA_BYTE);
      return new String(text, StandardCharsets.UTF_8);
    } catch (Throwable e) {
      throw new IllegalStateException(e); // what invokeExact declares; the function throws nothing
    }
  }

  /** The version, as the Maven artifact has it. Loads libtorch. */
  public static String version() {
    return TorchProgram.version();
  }

  /** Threads that an operator uses which this thread calls. Loads libtorch. */
  public static int threads() {
    return TorchProgram.threads();
  }

  /** Whether libtorch asks the system for large pages, as the environment has it. */
  public static boolean largePages() {
    return LargePages.asked();
  }
}
