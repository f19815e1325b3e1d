package dev.outcrop.models.torch;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Memory that libtorch freed and the C library keeps, given back to the system now and then.
 * Tensors of steps are of many sizes, so what is free lies in pieces between what is not, and where
 * the next tensor fits none of them the process grows: with a load that varies by a mebibyte and
 * more a minute, for hours. Giving back takes a few milliseconds. Safe to use from any thread.
 */
final class FreedMemory {
  private static final long EVERY = TimeUnit.SECONDS.toNanos(30);

  /** That of this process. */
  private static final FreedMemory OURS = new FreedMemory(System::nanoTime, new Trim()::run);

  private final LongSupplier nanoTime;
  private final Runnable trim;
  private final AtomicLong last;

  FreedMemory(LongSupplier nanoTime, Runnable trim) {
    this.nanoTime = nanoTime;
    this.trim = trim;
    this.last = new AtomicLong(nanoTime.getAsLong());
  }

  /** That of this process. */
  static FreedMemory ours() {
    return OURS;
  }

  /** Called before a program runs, when the tensors of its last run are freed. */
  void look() {
    long before = last.get();
    long now = nanoTime.getAsLong();
    if (now - before >= EVERY && last.compareAndSet(before, now)) {
      trim.run();
    }
  }

  /** glibc's malloc_trim, which walks all heaps; nothing where there is no such C library. */
  static final class Trim {
    private final @Nullable MethodHandle call = find();

    @SuppressWarnings("restricted") // what the command line allows for libtorch anyway
    private static @Nullable MethodHandle find() {
      Linker linker = Linker.nativeLinker();
      return linker
          .defaultLookup()
          .find("malloc_trim")
          .map(
              address -> linker.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, JAVA_LONG)))
          .orElse(null);
    }

    void run() {
      if (call == null) {
        return;
      }
      try {
        int _ = (int) call.invokeExact(0L); // no room to be kept at the end
      } catch (Throwable e) {
        throw new IllegalStateException(e); // what invokeExact declares; malloc_trim throws nothing
      }
    }
  }
}
