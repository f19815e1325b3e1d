package dev.outcrop.serving.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.loading.Inspection;
import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.Quantization;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop models inspect DIR}. */
@Command(
    name = "inspect",
    description = {
      "Tells what a checkpoint is, what it needs, and why it cannot be served, as JSON.",
      "Ends with 1 where it cannot be served."
    },
    mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
          .build();

  @Parameters(paramLabel = "DIR", description = "The checkpoint folder")
  private Path folder = Path.of(".");

  @Option(
      names = "--dtype",
      defaultValue = "AUTO",
      description = "Type to compute in: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
  private LoadOptions.Dtype dtype = LoadOptions.Dtype.AUTO;

  @Option(
      names = "--tune",
      paramLabel = "QUANTIZATION",
      description = {
        "Also loads a decoder's weights, quantised so or whole, and tells which kernels they use"
            + " here.",
        "One of ${COMPLETION-CANDIDATES}"
      })
  private @Nullable Quantization tune;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "With --tune: as models[].threads will be; 0 for libtorch's choice")
  private int threads;

  @Option(
      names = "--kernel-tuning",
      defaultValue = "auto",
      description = "With --tune: as models[].kernel-tuning will be (${DEFAULT-VALUE})")
  private String tuning = "auto";

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    Quantization quantization = tune == null ? Quantization.NONE : tune;
    LoadOptions options =
        WeightOptions.checked(
            spec,
            () -> new LoadOptions(dtype, 1, 0, threads, quantization, KernelTuning.of(tuning)));
    Inspection inspection = Inspection.of(folder, dtype);
    ObjectNode parts = JSON.valueToTree(inspection);
    ObjectNode flat = JSON.createObjectNode();
    parts
        .properties()
        .forEach(
            part -> {
              if (part.getValue() instanceof ObjectNode fields) {
                flat.setAll(fields);
              } else {
                flat.set(part.getKey(), part.getValue());
              }
            });
    if (tune != null && inspection.unsupported().isEmpty()) {
      flat.setAll((ObjectNode) JSON.valueToTree(LoadedModel.kernels(folder, options)));
    }
    System.out.println(JSON.writeValueAsString(flat));
    return inspection.unsupported().isEmpty() ? 0 : 1;
  }
}
