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
 * The environment as native code of this process sees it. The C library sets it, since Java cannot
 * for its own process; that is not safe while other native code reads the environment, so it comes
 * before the native code that it is for.
 */
final class NativeEnvironment {
  private static final Logger log = LoggerFactory.getLogger(NativeEnvironment.class);

  private NativeEnvironment() {}

  /** Sets a variable that is not set yet; changes nothing where there is no such C library. */
  @SuppressWarnings("restricted") // what the command line allows for libtorch anyway
  static void offer(String name, String value) {
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
          (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), overwrite);
      if (failed != 0) {
        log.debug("{} cannot be set", name);
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e); // what invokeExact declares; setenv throws nothing
    }
  }
}
