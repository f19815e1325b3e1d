package dev.outcrop.serving.cli;

import picocli.CommandLine.Command;

/** {@code outcrop models}: looks into a checkpoint without a server, or fetches one. */
@Command(
    name = "models",
    description = "Looks into a Hugging Face checkpoint folder, or fetches one.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      InspectCommand.class,
      LogitsCommand.class,
      GenerateCommand.class,
      FetchCommand.class
    })
final class ModelsCommand {}
