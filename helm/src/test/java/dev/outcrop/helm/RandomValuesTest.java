package dev.outcrop.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the chart promises it keeps for values that nobody thought of. */
class RandomValuesTest {
  @Test
  void keepsEveryPromiseForRandomValues() {
    run(80);
  }

  @Tag("long")
  @Test
  void keepsEveryPromiseForManyRandomValues() {
    run(Integer.getInteger("renderings", 200));
  }

  private static void run(int renderings) {
    Map<String, Set<Integer>> findings = new ConcurrentSkipListMap<>();
    AtomicInteger objects = new AtomicInteger();
    IntStream.range(0, renderings)
        .parallel()
        .forEach(
            seed -> {
              String release = seed % 5 == 0 ? "r".repeat(53) : "release-" + seed;
              for (String finding : findings(seed, release, objects)) {
                findings.computeIfAbsent(finding, _ -> new ConcurrentSkipListSet<>()).add(seed);
              }
            });

    assertThat(findings).isEmpty();
    assertThat(objects.get()).isGreaterThan(10 * renderings);
  }

  private static List<String> findings(int seed, String release, AtomicInteger objects) {
    try {
      Rendering rendering =
          Chart.render(Chart.file(RandomValues.of(seed)), release, Chart.NAMESPACE);
      objects.addAndGet(rendering.manifests().size());
      return Laws.findings(rendering);
    } catch (RuntimeException e) {
      return List.of(e.toString());
    }
  }
}
