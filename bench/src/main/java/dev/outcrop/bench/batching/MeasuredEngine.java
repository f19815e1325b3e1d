package dev.outcrop.bench.batching;

import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.loading.ModelInfo;
import java.nio.file.Path;

/**
 * The engine that all ways run on.
 *
 * @param engine the engine, used by the thread that measures
 * @param vocabulary one more than the highest token id
 * @param ending what to call in the end
 */
record MeasuredEngine(Engine engine, int vocabulary, Runnable ending) implements AutoCloseable {
  private static final int UNIT_TOKENS = 32;

  /** Units beyond what a batch needs: the scheduler keeps one for each row to grow into. */
  private static final int SPARE_UNITS = 64;

  /** Opens a folder. */
  static MeasuredEngine of(Path folder, int batch, int sequenceTokens, int threads) {
    ModelInfo info = LoadedModel.inspect(folder, LoadOptions.Dtype.AUTO);
    long tokens = batch * rounded(sequenceTokens) + (long) SPARE_UNITS * UNIT_TOKENS;
    LoadOptions options =
        new LoadOptions(LoadOptions.Dtype.AUTO, tokens * info.kvBytesPerToken(), 0, threads);
    LoadedModel model = LoadedModel.open(folder, options);
    return new MeasuredEngine(
        model.engine(),
        info.vocabularySize(),
        () -> {
          model.engine().close();
          model.close();
        });
  }

  /** Draws weights. */
  static MeasuredEngine of(
      EngineBench.Shape shape, ComputeType type, int batch, int sequenceTokens, int threads) {
    int spare = Math.ceilDiv(SPARE_UNITS * UNIT_TOKENS, batch);
    EngineBench bench =
        EngineBench.open(shape, type, batch, (int) rounded(sequenceTokens) + spare, threads);
    return new MeasuredEngine(bench.engine(), shape.vocabulary(), bench::close);
  }

  private static long rounded(int tokens) {
    return Math.ceilDiv(tokens, UNIT_TOKENS) * (long) UNIT_TOKENS;
  }

  @Override
  public void close() {
    ending.run();
  }
}
