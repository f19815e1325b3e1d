package dev.outcrop.serving.cli;

import dev.outcrop.models.OutcropException;
import java.util.List;
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
    subcommands = {DemoCommand.class, ServeCommand.class, ModelsCommand.class, KeysCommand.class})
public final class Main {
  private Main() {}

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
    IExecutionExceptionHandler failures =
        (exception, commandLine, parsed) -> {
          if (exception instanceof OutcropException) {
            commandLine.getErr().println("outcrop: " + exception.getMessage());
          } else {
            LoggerFactory.getLogger(Main.class)
                .error("{} failed", commandLine.getCommandName(), exception);
          }
          return 1;
        };
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(failures)
        .execute(arguments);
  }
}
