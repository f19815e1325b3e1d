package dev.outcrop.bench;

import dev.outcrop.bench.batching.BatchingCommand;
import dev.outcrop.bench.scheduler.SchedulerCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code outcrop bench} command. */
@Command(
    name = "outcrop bench",
    description = "Measures. Results go to stdout as RunResult JSON, progress to stderr.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      EngineCommand.class,
      ConverseCommand.class,
      SchedulerCommand.class,
      BatchingCommand.class
    })
public final class Main {
  private Main() {}

  /** Runs one benchmark; the exit code tells success. */
  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    return new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true).execute(arguments);
  }
}
