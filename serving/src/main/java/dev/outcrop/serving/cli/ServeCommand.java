package dev.outcrop.serving.cli;

import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.config.ConfigFile;
import dev.outcrop.serving.config.HttpConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code outcrop serve}: serves models until SIGTERM, then drains. */
@Command(
    name = "serve",
    description = "Serves a Hugging Face checkpoint behind the Bedrock API.",
    mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--config",
      description =
          "outcrop.yaml; --host, --port, --management-port, --key-file, --policy-file and --model override it")
  private @Nullable Path config;

  @Option(names = "--model", description = "A checkpoint folder to serve")
  private @Nullable Path model;

  @Option(names = "--id", description = "Its model ids (the folder's name); the first is reported")
  private List<String> ids = new ArrayList<>();

  @Option(names = "--dtype", description = "Type to compute in: ${COMPLETION-CANDIDATES} (AUTO)")
  private ModelConfig.@Nullable Dtype dtype;

  @Option(
      names = "--quantization",
      description = "How a decoder's weights are held: ${COMPLETION-CANDIDATES} (none)")
  private @Nullable Quantization quantization;

  @Option(
      names = "--host",
      description = "Address to bind; beyond loopback needs --key-file or --policy-file")
  private @Nullable String host;

  @Option(names = "--port", description = "Port of the API; 0 for any free one (8080)")
  private @Nullable Integer port;

  @Option(names = "--management-port", description = "Port of probes and metrics (8081)")
  private @Nullable Integer managementPort;

  @Option(names = "--key-file", description = "Keys: lines of SHA256-HEX TENANT WEIGHT TIER")
  private @Nullable Path keyFile;

  @Option(names = "--policy-file", description = "Principals with keys, models and quotas, as YAML")
  private @Nullable Path policyFile;

  @Override
  public Integer call() throws InterruptedException {
    ServingConfig settings = checkedSettings();
    if (settings.models().isEmpty()) {
      throw usage("there is no model to serve: give --model DIR, or models in --config FILE");
    }
    return ServingRun.of(settings);
  }

  private ServingConfig checkedSettings() {
    checkPort("--port", port);
    checkPort("--management-port", managementPort);
    if (model == null && (!ids.isEmpty() || dtype != null || quantization != null)) {
      throw usage(
          "--id, --dtype and --quantization belong to --model DIR; in a config file every model has"
              + " its own");
    }
    try {
      return settings();
    } catch (IllegalArgumentException e) {
      // The records that the options went into name their key first.
      throw usage("--" + e.getMessage());
    }
  }

  private void checkPort(String option, @Nullable Integer value) {
    if (value != null && (value < 0 || value > HttpConfig.MAX_PORT)) {
      throw usage(
          "%s must be between 0 and %d, was %d".formatted(option, HttpConfig.MAX_PORT, value));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }

  private ServingConfig settings() {
    ServingConfig settings = config == null ? ServingConfig.DEFAULT : ConfigFile.read(config);
    if (model != null) {
      settings = settings.withModels(List.of(served(model)));
    }
    if (host != null) {
      settings = settings.withHttp(settings.http().withHost(host));
    }
    if (port != null) {
      settings = settings.withHttp(settings.http().withPort(port));
    }
    if (managementPort != null) {
      settings = settings.withManagement(settings.management().withPort(managementPort));
    }
    return keyFile == null && policyFile == null
        ? settings
        : settings.withAuth(settings.auth().with(keyFile, policyFile));
  }

  private ModelConfig served(Path folder) {
    Path name = folder.toAbsolutePath().normalize().getFileName();
    if (folder.toString().isBlank()) {
      throw usage("--model must name a folder");
    }
    if (ids.isEmpty() && name == null) {
      throw usage("--model %s has no name to be the model's id: give --id".formatted(folder));
    }
    List<String> all = ids.isEmpty() ? List.of(String.valueOf(name)) : ids;
    ModelConfig config = ModelConfig.DEFAULT.as(all.getFirst(), folder, all.subList(1, all.size()));
    ModelConfig typed = dtype == null ? config : config.in(dtype);
    return quantization == null ? typed : typed.quantised(quantization);
  }
}
