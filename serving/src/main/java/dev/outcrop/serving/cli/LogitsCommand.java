package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop models logits DIR --ids 1,5,9}: for comparing with another implementation. */
@Command(
    name = "logits",
    description = "Prints {\"logits\":[[...]]}: the logits after every token of a sequence.",
    mixinStandardHelpOptions = true)
final class LogitsCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "The checkpoint folder")
  private Path folder = Path.of(".");

  @Option(
      names = "--ids",
      required = true,
      split = ",",
      paramLabel = "ID",
      description = "Token ids, separated by commas")
  private int[] ids = {};

  @Mixin private final WeightOptions weights = new WeightOptions(LoadOptions.Dtype.FLOAT32);

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    return StopSignal.during(this::write);
  }

  private int write() {
    LoadOptions options = weights.load();
    int vocabulary = LoadedModel.inspect(folder, options.dtype()).vocabularySize();
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw new ParameterException(
            Objects.requireNonNull(spec).commandLine(),
            "token id %d is not in the vocabulary of %d".formatted(id, vocabulary));
      }
    }
    float[][] logits = LoadedModel.logits(folder, ids, options.dtype(), options.quantization());
    PrintStream out =
        new PrintStream(new BufferedOutputStream(System.out), false, StandardCharsets.UTF_8);
    out.print("{\"logits\":[");
    for (int token = 0; token < logits.length; token++) {
      out.print(token == 0 ? "[" : ",[");
      for (int id = 0; id < logits[token].length; id++) {
        if (id > 0) {
          out.print(',');
        }
        out.print(logits[token][id]);
      }
      out.print(']');
    }
    out.println("]}");
    out.flush();
    return 0;
  }
}
