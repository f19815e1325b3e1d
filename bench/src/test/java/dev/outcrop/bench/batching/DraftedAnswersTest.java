package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.BatchingConfig.Drafts;
import dev.outcrop.batching.BatchingConfig.Speculation;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The demo model on its real engine behind the real scheduler answers the same whether tokens are
 * guessed or not. In float32, where the shape of a step moves no choice.
 */
final class DraftedAnswersTest {
  private static final int REQUESTS = 12;
  private static final int TOKENS = 48;

  private record Outcome(List<List<Integer>> tokens, long drafted, long accepted) {}

  @Test
  void areTheSameWithAndWithoutDrafts() throws InterruptedException {
    Outcome plain = answers(Drafts.NONE);
    Outcome drafted = answers(Drafts.NGRAM);

    assertThat(plain.drafted()).isZero();
    assertThat(drafted.drafted()).isPositive();
    assertThat(drafted.accepted()).isPositive().isLessThan(drafted.drafted());
    assertThat(drafted.tokens()).isEqualTo(plain.tokens());
    assertThat(plain.tokens()).allSatisfy(tokens -> assertThat(tokens).hasSize(TOKENS));
  }

  private static Outcome answers(Drafts drafts) throws InterruptedException {
    LoadOptions options = new LoadOptions(LoadOptions.Dtype.FLOAT32, 64L << 20, 0, 1);
    BatchingConfig config = BatchingConfig.DEFAULT.with(new Speculation(drafts, 8));
    Path demo = Path.of("..", "models", "demo", "model");
    try (LoadedModel model = LoadedModel.open(demo, options);
        Batcher batcher = Batchers.start("drafts", model.engine(), config, System::nanoTime)) {
      List<TokenStream> streams = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        streams.add(Answers.accepted(batcher.submit(request(i, model.info().vocabularySize()))));
      }
      List<List<Integer>> tokens = new ArrayList<>();
      for (TokenStream stream : streams) {
        tokens.add(Answers.read(stream));
      }
      return new Outcome(
          tokens, batcher.signals().drafts().drafted(), batcher.signals().drafts().accepted());
    }
  }

  /** Prompts that repeat themselves, half of them sampled with a seed. */
  private static GenerateRequest request(int number, int vocabulary) {
    Random random = new Random(number);
    int[] once = random.ints(6 + number, 0, vocabulary).toArray();
    int[] prompt = new int[4 * once.length];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = once[i % once.length];
    }
    return Answers.request(number, prompt, TOKENS);
  }
}
