package dev.outcrop.models.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has libtorch ask the system for large pages where it allocates 2 MiB or more. A step reads all
 * weights once, and with pages of 4 KiB it waits for page tables as well. libtorch reads a variable
 * of the environment when it first allocates. The launcher and the images set it. Where they do not
 * start the process, the C library sets it here, since Java cannot for its own process; that is not
 * safe while other native code reads the environment, so it comes before anything of libtorch. What
 * the environment already says stays.
 */
final class LargePages {
  private static final Logger log = LoggerFactory.getLogger(LargePages.class);
  private static final String VARIABLE = "THP_MEM_ALLOC_ENABLE";

  private LargePages() {}

  /** Called before anything of libtorch; changes nothing where there is no such C library. */
  @SuppressWarnings("restricted") // what the command line allows for libtorch anyway
  static void ask() {
    if (System.getenv(VARIABLE) != null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
    if (setenv.isEmpty()) {
      return;
    }
    MethodHandle call =
        linker.downcallHandle(
            setenv.get(), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int overwrite = 0;
      int failed =
          (int) call.invokeExact(arena.allocateFrom(VARIABLE), arena.allocateFrom("1"), overwrite);
      if (failed != 0) {
        log.debug("{} cannot be set", VARIABLE);
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e); // what invokeExact declares; setenv throws nothing
    }
  }
}
