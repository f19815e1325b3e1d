package dev.outcrop.serving.cli;

import picocli.CommandLine.Command;

/** {@code outcrop models}: looks into a checkpoint without a server. */
@Command(
    name = "models",
    description = "Looks into a Hugging Face checkpoint folder.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {InspectCommand.class, LogitsCommand.class, GenerateCommand.class})
final class ModelsCommand {}
