package dev.outcrop.models.torch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class FreedMemoryTest {
  private static final int PIECES = 2_000;
  private static final long PIECE = 64 * 1_024;

  @Test
  void isGivenBackNowAndThen() {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    AtomicInteger times = new AtomicInteger();
    FreedMemory memory = new FreedMemory(now::get, times::incrementAndGet);

    memory.look();
    now.addAndGet(TimeUnit.SECONDS.toNanos(30) - 1);
    memory.look();
    assertThat(times).hasValue(0);
    now.addAndGet(1);
    memory.look();
    memory.look();
    assertThat(times).hasValue(1);
    now.addAndGet(TimeUnit.SECONDS.toNanos(31));
    memory.look();
    assertThat(times).hasValue(2);
  }

  /** Every other piece stays in use, so that the C library alone gives nothing back. */
  @Test
  @SuppressWarnings("restricted")
  void goesBackToTheSystem() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle malloc =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("malloc"),
            FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    MethodHandle free =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("free"), FunctionDescriptor.ofVoid(ADDRESS));
    MemorySegment[] pieces = new MemorySegment[PIECES];
    for (int i = 0; i < PIECES; i++) {
      MemorySegment piece = (MemorySegment) malloc.invokeExact(PIECE);
      pieces[i] = piece.reinterpret(PIECE).fill((byte) 1);
    }
    for (int i = 0; i < PIECES; i += 2) {
      free.invokeExact(pieces[i]);
    }
    long before = ResidentMemory.anonymous();
    new FreedMemory.Trim().run();
    long given = before - ResidentMemory.anonymous();
    for (int i = 1; i < PIECES; i += 2) {
      free.invokeExact(pieces[i]);
    }

    assertThat(given).isGreaterThan(PIECES / 4 * PIECE);
  }
}
