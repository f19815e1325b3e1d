package dev.outcrop.bench;

import dev.outcrop.bench.batching.BatchingCommand;
import dev.outcrop.bench.batching.SpeculativeCommand;
import dev.outcrop.bench.compare.CompareCommand;
import dev.outcrop.bench.dollars.DollarsCommand;
import dev.outcrop.bench.encode.EncodeCommand;
import dev.outcrop.bench.gpu.GpuKitCommand;
import dev.outcrop.bench.grammar.GrammarCommand;
import dev.outcrop.bench.http.HttpCommand;
import dev.outcrop.bench.http.ScrapeCommand;
import dev.outcrop.bench.load.LoadCommand;
import dev.outcrop.bench.micro.MicroCommand;
import dev.outcrop.bench.peers.PeersCommand;
import dev.outcrop.bench.report.ReportCommand;
import dev.outcrop.bench.scaling.ScalingCommand;
import dev.outcrop.bench.scheduler.SchedulerCommand;
import dev.outcrop.bench.soak.SoakCommand;
import dev.outcrop.models.OutcropException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;

/** The {@code outcrop bench} command. */
@Command(
    name = "outcrop bench",
    description = "Measures. Results go to stdout as RunResult JSON, progress to stderr.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      EngineCommand.class,
      LoadCommand.class,
      CompareCommand.class,
      ReportCommand.class,
      ReadyCommand.class,
      QualityCommand.class,
      ConverseCommand.class,
      SchedulerCommand.class,
      MicroCommand.class,
      BatchingCommand.class,
      SpeculativeCommand.class,
      EncodeCommand.class,
      GrammarCommand.class,
      HttpCommand.class,
      ScrapeCommand.class,
      ScalingCommand.class,
      DollarsCommand.class,
      PeersCommand.class,
      GpuKitCommand.class,
      SoakCommand.class
    })
public final class Main {
  private static final Logger LOG = System.getLogger(Main.class.getName());

  /** What a shell shows for a process that SIGTERM ended. */
  private static final int TERMINATED = 143;

  private Main() {}

  /** Runs one benchmark; the exit code tells success. */
  public static void main(String[] arguments) {
    // A process that is told to stop runs libtorch's exit handlers while a step still computes on
    // other threads, and crashes in them. Halting leaves them out.
    Thread halting = new Thread(Main::stop, "stop");
    Runtime.getRuntime().addShutdownHook(halting);
    int status = execute(arguments);
    Runtime.getRuntime().removeShutdownHook(halting);
    System.exit(status);
  }

  /** What was started, by bench peers, would go on: it hears nothing of the signal. */
  private static void stop() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
    Runtime.getRuntime().halt(TERMINATED);
  }

  /** Runs one benchmark and returns its exit code: 0 success, 1 failure, 2 wrong usage. */
  static int execute(String... arguments) {
    IExecutionExceptionHandler failures =
        (exception, commandLine, parsed) -> {
          if (exception instanceof OutcropException || exception instanceof IOException) {
            commandLine.getErr().println("outcrop: " + exception.getMessage());
          } else {
            LOG.log(Level.ERROR, commandLine.getCommandName() + " failed", exception);
          }
          return 1;
        };
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(failures)
        .execute(arguments);
  }
}
