package dev.outcrop.bench.options;

import dev.outcrop.bench.report.Run;
import dev.outcrop.models.loading.LoadedModel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of a command that runs a checkpoint, or the embedded model. */
public final class ModelFolder {
  @Option(names = "--model", description = "A checkpoint's folder (the embedded model)")
  private @Nullable Path model;

  /** The embedded model. */
  public ModelFolder() {}

  /** Whether there was such an option. */
  public boolean given() {
    return model != null;
  }

  /**
   * The folder.
   *
   * @throws dev.outcrop.models.OutcropException where there is none
   */
  public Path folder() {
    return LoadedModel.requireFolder(model == null ? Run.HOME.resolve("models/demo/model") : model);
  }
}
