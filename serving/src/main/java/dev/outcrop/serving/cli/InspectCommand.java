package dev.outcrop.serving.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedEncoder;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.ModelInfo;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code outcrop models inspect DIR}. */
@Command(
    name = "inspect",
    description = "Checks a checkpoint's files and tells what it is and what it needs, as JSON.",
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "The checkpoint folder")
  private Path folder = Path.of(".");

  @Option(
      names = "--dtype",
      defaultValue = "AUTO",
      description = "Type to compute in: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private LoadOptions.Dtype dtype = LoadOptions.Dtype.AUTO;

  @Override
  public Integer call() throws Exception {
    ModelInfo info =
        LoadedEncoder.isEncoder(folder)
            ? LoadedEncoder.inspect(folder, dtype)
            : LoadedModel.inspect(folder, dtype);
    System.out.println(
        new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(info));
    return 0;
  }
}
