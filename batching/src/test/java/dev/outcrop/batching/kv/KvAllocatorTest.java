package dev.outcrop.batching.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvAllocatorTest {

  @Test
  void givesOneRunWhereOneIsLongEnough() {
    KvAllocator kv = new KvAllocator(10);

    assertThat(describe(take(kv, 4))).isEqualTo("0+4");
    assertThat(describe(take(kv, 6))).isEqualTo("4+6");
    assertThat(kv.freeUnits()).isZero();
  }

  @Test
  void takesTheTightestRunThatFits() {
    KvAllocator kv = new KvAllocator(20);
    Runs wide = take(kv, 6);
    take(kv, 1);
    Runs tight = take(kv, 3);
    take(kv, 1);
    kv.free(wide);
    kv.free(tight);

    assertThat(describe(take(kv, 3))).isEqualTo("7+3");
  }

  @Test
  void givesSeveralRunsLargestFirstWhereNoneIsLongEnough() {
    KvAllocator kv = new KvAllocator(12);
    Runs small = take(kv, 2);
    take(kv, 1);
    Runs large = take(kv, 5);
    take(kv, 1);
    Runs middle = take(kv, 3);
    kv.free(small);
    kv.free(large);
    kv.free(middle);

    assertThat(describe(take(kv, 9))).isEqualTo("3+5 9+3 0+1");
    assertThat(kv.freeUnits()).isEqualTo(1);
  }

  @Test
  void takesNothingWhenThereIsTooLittle() {
    KvAllocator kv = new KvAllocator(5);
    take(kv, 2);
    Runs runs = new Runs();

    assertThat(kv.allocate(4, runs)).isFalse();
    assertThat(runs.count()).isZero();
    assertThat(kv.freeUnits()).isEqualTo(3);
  }

  @Test
  void mergesWhatIsFreedWithBothNeighbours() {
    KvAllocator kv = new KvAllocator(9);
    Runs left = take(kv, 3);
    Runs middle = take(kv, 3);
    Runs right = take(kv, 3);
    kv.free(left);
    kv.free(right);
    assertThat(kv.freeRuns()).isEqualTo(2);

    kv.free(middle);

    assertThat(kv.freeRuns()).isEqualTo(1);
    assertThat(describe(take(kv, 9))).isEqualTo("0+9");
  }

  @Test
  void refusesToFreeWhatIsFree() {
    KvAllocator kv = new KvAllocator(9);
    Runs runs = take(kv, 3);
    Runs copy = new Runs();
    copy.add(runs.start(0) + 1, 1);
    kv.free(runs);

    assertThatThrownBy(() -> kv.free(copy)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesToFreeWhatLiesOutsideTheArena() {
    KvAllocator kv = new KvAllocator(3);
    take(kv, 3);
    Runs outside = new Runs();
    outside.add(2, 2);

    assertThatThrownBy(() -> kv.free(outside)).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void agreesWithABitmap(long seed) {
    Random random = new Random(seed);
    int units = 1 + random.nextInt(200);
    KvAllocator kv = new KvAllocator(units);
    boolean[] taken = new boolean[units];
    List<Runs> held = new ArrayList<>();
    for (int step = 0; step < 4_000; step++) {
      if (held.isEmpty() || random.nextInt(100) < 55) {
        int wanted = 1 + random.nextInt(1 + random.nextInt(units));
        int longest = longestFree(taken);
        Runs runs = new Runs();
        boolean got = kv.allocate(wanted, runs);
        assertThat(got).isEqualTo(wanted <= free(taken));
        if (got) {
          assertThat(mark(taken, runs, true)).isEqualTo(wanted);
          if (wanted <= longest) {
            assertThat(runs.count()).as("one run where one fits").isEqualTo(1);
          }
          held.add(runs);
        }
      } else {
        Runs runs = held.remove(random.nextInt(held.size()));
        mark(taken, runs, false);
        kv.free(runs);
        assertThat(runs.count()).isZero();
      }
      assertThat(kv.freeUnits()).isEqualTo(free(taken));
      assertThat(kv.freeRuns()).as("free runs are merged").isEqualTo(freeRuns(taken));
    }
    held.forEach(kv::free);
    assertThat(kv.freeUnits()).isEqualTo(units);
    assertThat(kv.freeRuns()).isEqualTo(1);
  }

  private static Runs take(KvAllocator kv, int units) {
    Runs runs = new Runs();
    assertThat(kv.allocate(units, runs)).isTrue();
    return runs;
  }

  private static String describe(Runs runs) {
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < runs.count(); i++) {
      parts.add(runs.start(i) + "+" + runs.units(i));
    }
    return String.join(" ", parts);
  }

  private static int mark(boolean[] taken, Runs runs, boolean to) {
    int marked = 0;
    for (int i = 0; i < runs.count(); i++) {
      for (int unit = runs.start(i); unit < runs.start(i) + runs.units(i); unit++) {
        assertThat(taken[unit]).as("unit %d", unit).isEqualTo(!to);
        taken[unit] = to;
        marked++;
      }
    }
    return marked;
  }

  private static int free(boolean[] taken) {
    int free = 0;
    for (boolean unit : taken) {
      free += unit ? 0 : 1;
    }
    return free;
  }

  private static int freeRuns(boolean[] taken) {
    int runs = 0;
    for (int i = 0; i < taken.length; i++) {
      runs += !taken[i] && (i == 0 || taken[i - 1]) ? 1 : 0;
    }
    return runs;
  }

  private static int longestFree(boolean[] taken) {
    int longest = 0;
    int here = 0;
    for (boolean unit : taken) {
      here = unit ? 0 : here + 1;
      longest = Math.max(longest, here);
    }
    return longest;
  }
}
