package dev.outcrop.serving.cli;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.ServingConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;

/** The commands of this module. Results go to stdout, progress and logs to stderr. */
@Command(
    name = "outcrop",
    description = "Open-weight models on your own machines behind the Amazon Bedrock API.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      ModelsCommand.class,
      KeysCommand.class,
      PlanCommand.class,
      ProbeCommand.class
    })
public final class Main {
  private static final String SERVE = "serve";

  private Main() {}

  static {
    // Read when the first logger is made, which is below.
    System.setProperty("java.util.logging.manager", LastingLogs.class.getName());
  }

  // A logger's level lasts only while somebody holds the logger.
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("ai.djl"), Logger.getLogger("io.helidon"));

  /** Runs one command and exits with its status. */
  public static void main(String[] arguments) {
    QUIET.forEach(logger -> logger.setLevel(Level.WARNING));
    System.exit(execute(arguments));
  }

  /** Runs one command and returns its exit code: 0 success, 1 failure, 2 wrong usage. */
  static int execute(String... arguments) {
    if (arguments.length == 3
        && arguments[0].equals(SERVE)
        && arguments[1].equals("--config")
        && !arguments[2].startsWith("-")) {
      OptionalInt status = served(Path.of(arguments[2]));
      if (status.isPresent()) {
        return status.getAsInt();
      }
    }
    return Parsed.execute(arguments);
  }

  /**
   * The command of a pod, {@code serve --config FILE}: a start goes by without the option parser,
   * which takes longer than all else until the management port is open.
   *
   * @return its exit code, or nothing where the file names no model, which is wrong usage
   */
  private static OptionalInt served(Path config) {
    try {
      ServingConfig settings = ConfigFile.read(config);
      return settings.models().isEmpty()
          ? OptionalInt.empty()
          : OptionalInt.of(ServingRun.of(settings));
    } catch (OutcropException e) {
      System.err.println("outcrop: " + e.getMessage());
    } catch (RuntimeException | InterruptedException e) {
      failed(SERVE, e);
    }
    return OptionalInt.of(1);
  }

  private static void failed(String command, Exception exception) {
    LoggerFactory.getLogger(Main.class).error("{} failed", command, exception);
  }

  /** A class of its own, so that picocli's are loaded where they are needed. */
  private static final class Parsed {
    static int execute(String... arguments) {
      IExecutionExceptionHandler failures =
          (exception, commandLine, parsed) -> {
            if (exception instanceof OutcropException) {
              commandLine.getErr().println("outcrop: " + exception.getMessage());
            } else {
              failed(commandLine.getCommandName(), exception);
            }
            return 1;
          };
      return new CommandLine(new Main())
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setExecutionExceptionHandler(failures)
          .execute(arguments);
    }
  }
}
