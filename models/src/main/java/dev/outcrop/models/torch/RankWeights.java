package dev.outcrop.models.torch;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.weights.SafetensorsFile;
import dev.outcrop.models.weights.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The weights of every rank, by name, as views of mapped files: what a compiled program takes them
 * from. Nothing is copied into the memory of the process, and no type crosses that DJL does not
 * have. Used by the thread that loads.
 */
final class RankWeights implements AutoCloseable {
  private final TorchProgram program =
      TorchProgram.load(new ProgramText().read("rank_weights.torchscript"));

  /** Maps the files. */
  RankWeights(List<SafetensorsFile> ranks, Runnable heed) {
    try {
      for (SafetensorsFile rank : ranks) {
        map(rank, heed);
      }
    } catch (EngineException e) {
      program.close();
      throw LoadingThread.failure(e);
    } catch (IOException e) {
      program.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      program.close();
      throw e;
    }
  }

  private void map(SafetensorsFile rank, Runnable heed) throws IOException {
    program.run(
        "map_rank",
        IValue.from(rank.file().toAbsolutePath().toString()),
        IValue.from(Files.size(rank.file())));
    for (StoredTensor tensor : rank.tensors()) {
      if (!tensor.dtype().supported()) {
        throw new OutcropException(
            ModelError.CHECKPOINT_UNSUPPORTED,
            "%s: tensor '%s' has dtype %s; F32, F16 and BF16 are supported"
                .formatted(rank.file(), tensor.name(), tensor.dtype()));
      }
      heed.run();
      long first = tensor.offset() / tensor.dtype().bytes();
      LongStream where = LongStream.of(WeightSource.scalarType(tensor.dtype()), first);
      LongStream shape = tensor.shape().stream().mapToLong(Long::longValue);
      program.run(
          "add",
          IValue.from(tensor.name()),
          IValue.listFrom(LongStream.concat(where, shape).toArray()));
    }
  }

  /** A list with a dictionary for each rank, for {@code set_weights}; the caller closes it. */
  KeptValue all() {
    return program.keep("all");
  }

  /** Unmaps what nothing else holds. */
  @Override
  public void close() {
    program.close();
  }
}
