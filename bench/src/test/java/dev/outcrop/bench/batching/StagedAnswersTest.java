package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.testing.CountedEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The demo model on its real engine behind the real scheduler answers the same in one program and
 * in two stages with a step in each. In float32, where the shape of a step moves no choice.
 */
@Timeout(120)
final class StagedAnswersTest {
  private static final int REQUESTS = 12;
  private static final int TOKENS = 40;

  @Test
  void areTheSameInOneProgramAndInTwoStages() throws InterruptedException {
    assertThat(answers(List.of("cpu:0", "cpu:1"), 2)).isEqualTo(answers(List.of(), 1));
  }

  private static List<List<Integer>> answers(List<String> devices, int steps)
      throws InterruptedException {
    LoadOptions options = new LoadOptions(LoadOptions.Dtype.FLOAT32, 64L << 20, 0, 1).on(devices);
    Path demo = Path.of("..", "models", "demo", "model");
    BatchingConfig config = BatchingConfig.DEFAULT;
    try (LoadedModel model = LoadedModel.open(demo, options)) {
      CountedEngine engine = new CountedEngine(model.engine());
      List<List<Integer>> answers = new ArrayList<>();
      try (Batcher batcher = Batchers.start("stages", engine, config, System::nanoTime)) {
        List<TokenStream> streams = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
          streams.add(Answers.accepted(batcher.submit(request(i, model.info().vocabularySize()))));
          if (i % 4 == 3) { // one comes and goes while the others run
            Answers.accepted(batcher.submit(request(100 + i, model.info().vocabularySize())))
                .close();
          }
        }
        for (TokenStream stream : streams) {
          answers.add(Answers.read(stream));
        }
      }
      assertThat(engine.most()).isEqualTo(steps);
      assertThat(answers).allSatisfy(tokens -> assertThat(tokens).hasSize(TOKENS));
      return answers;
    }
  }

  /** Half of them sampled with a seed, some with a prompt of several chunks. */
  private static GenerateRequest request(int number, int vocabulary) {
    int length = number % 3 == 0 ? 300 + number : 8 + number;
    int[] prompt = new Random(number).ints(length, 0, vocabulary).toArray();
    return Answers.request(number, prompt, TOKENS);
  }
}
