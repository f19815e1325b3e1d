package dev.outcrop.bench.scenario;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads a trace in CSV. Its header names a column with times, one with tokens of prompts and one
 * with tokens of answers; the names that the Azure LLM and BurstGPT traces use are known too. Times
 * are seconds, or dates with time.
 */
final class TraceCsv implements TraceFile.TraceReader {
  private static final List<String> TIMES = List.of("seconds", "timestamp", "time");
  private static final List<String> INPUTS =
      List.of("input_tokens", "contexttokens", "request tokens", "prompt_tokens");
  private static final List<String> OUTPUTS =
      List.of("output_tokens", "generatedtokens", "response tokens", "completion_tokens");

  private final String file;
  private int @Nullable [] columns;
  private int left;

  TraceCsv(String file) {
    this.file = file;
  }

  @Override
  public void line(String line, List<Recording> to) {
    List<String> fields = fields(line);
    if (columns == null) {
      columns = new int[] {column(fields, TIMES), column(fields, INPUTS), column(fields, OUTPUTS)};
      return;
    }
    try {
      int input = (int) Double.parseDouble(fields.get(columns[1]));
      int output = (int) Double.parseDouble(fields.get(columns[2]));
      if (input >= 1 && output >= 1) {
        to.add(new Recording(seconds(fields.get(columns[0])), input, output, null));
        return;
      }
    } catch (NumberFormatException | DateTimeException | IndexOutOfBoundsException e) {
      // counted below
    }
    left++;
  }

  @Override
  public int left() {
    return left;
  }

  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    Arrays.stream(line.split(",", -1)).map(String::strip).forEach(fields::add);
    return fields;
  }

  private int column(List<String> header, List<String> names) {
    for (int i = 0; i < header.size(); i++) {
      if (names.contains(header.get(i).toLowerCase(Locale.ROOT))) {
        return i;
      }
    }
    throw ScenarioError.TRACE_INVALID.because(
        "%s: the header must name a column %s".formatted(file, String.join(" or ", names)));
  }

  private static double seconds(String text) {
    if (text.indexOf('-') <= 0 || text.indexOf(':') < 0) {
      return Double.parseDouble(text);
    }
    LocalDateTime time =
        LocalDateTime.parse(text.replace(' ', 'T').replaceAll("(Z|\\+00:00)$", ""));
    return time.toInstant(ZoneOffset.UTC).toEpochMilli() / 1e3;
  }
}
