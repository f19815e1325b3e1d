package dev.outcrop.models.loading;

import dev.outcrop.models.torch.KernelTable;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Which kernels the weights of one shape use. What `models inspect` prints.
 *
 * @param outputs output channels
 * @param inputs input channels
 * @param format how the weights are held: {@code int8}, {@code int4-g32}, ..., or {@code none} for
 *     whole ones
 * @param weights how many there are
 * @param kernels by the rows of a step: {@code 1}, {@code 2-4}, ..., {@code 65+}
 * @param source {@code measured} now, {@code cached}, or {@code default} where there was nothing to
 *     choose or no time to
 */
public record KernelChoice(
    int outputs,
    int inputs,
    String format,
    int weights,
    Map<String, String> kernels,
    String source) {
  static KernelChoice of(KernelTable table) {
    Map<String, String> kernels = new LinkedHashMap<>();
    int from = 1;
    for (int i = 0; i < table.kernels().size(); i++) {
      int to = KernelTable.BUCKETS.get(i);
      boolean last = i == table.kernels().size() - 1;
      String rows = last ? from + "+" : from == to ? Integer.toString(to) : from + "-" + to;
      kernels.put(rows, word(table.kernels().get(i)));
      from = to + 1;
    }
    return new KernelChoice(
        table.rows(),
        table.columns(),
        table.format(),
        table.weights(),
        kernels,
        word(table.source()));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
