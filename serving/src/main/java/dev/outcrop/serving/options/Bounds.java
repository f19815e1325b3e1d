package dev.outcrop.serving.options;

import dev.outcrop.models.loading.LoadOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks a command's options before it runs; what is out of bounds is wrong usage. */
public final class Bounds {
  /** The most threads of an operator. */
  public static final int MOST_THREADS = LoadOptions.MOST_THREADS;

  /** Below it a double holds whole numbers as they are written. */
  private static final double WHOLE = 1e15;

  private final CommandLine commandLine;

  /** Bounds for the command that picocli filled a {@code @Spec} field of. */
  public Bounds(@Nullable CommandSpec spec) {
    commandLine = Objects.requireNonNull(spec).commandLine();
  }

  /** Refuses a whole number that is out of its range. */
  public void within(String option, long value, long least, long most) {
    that(
        value >= least && value <= most,
        "%s must be from %d to %d, was %d".formatted(option, least, most, value));
  }

  /** Refuses a number that is out of its range, or none at all. */
  public void within(String option, double value, double least, double most) {
    that(
        value >= least && value <= most,
        "%s must be from %s to %s, was %s"
            .formatted(option, plain(least), plain(most), plain(value)));
  }

  /** Refuses a file that is to be written where there is no folder for it; null is none. */
  public void writable(String option, @Nullable Path file) {
    Path folder = file == null ? null : file.toAbsolutePath().getParent();
    that(
        file == null || (folder != null && Files.isDirectory(folder) && !Files.isDirectory(file)),
        option + " must be a file in a folder that is there, was " + file);
  }

  /** Refuses what does not hold. */
  public void that(boolean holds, String message) {
    if (!holds) {
      throw wrong(message);
    }
  }

  /** What to throw where an option is wrong. */
  public ParameterException wrong(String message) {
    return new ParameterException(commandLine, message);
  }

  private static String plain(double number) {
    boolean whole = number == Math.rint(number) && Math.abs(number) < WHOLE;
    return whole ? Long.toString((long) number) : Double.toString(number);
  }
}
