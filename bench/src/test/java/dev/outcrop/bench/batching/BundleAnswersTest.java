package dev.outcrop.bench.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.testing.StandIn;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo model compiled to fixed shapes, behind the scheduler for those, answers as it does on
 * the engine for the processor: prompts in chunks, decodes in padded batches, slots used by one
 * sequence after another, callers who leave, and conversations that go on. In float32, where the
 * shape of a step moves no choice.
 */
@Timeout(300)
final class BundleAnswersTest {
  private static final int REQUESTS = 200;
  private static final int TOKENS = 20;

  @TempDir Path bundle;

  @Test
  void areThoseOfTheEngineForTheProcessor() throws InterruptedException {
    Path models = Path.of("..", "models");
    Path demo = models.resolve("demo").resolve("model");
    StandIn.write(
        models.resolve(Path.of("src", "test", "resources", "neuron", "demo")), demo, bundle);
    assertThat(answers(bundle)).isEqualTo(answers(demo));
  }

  private static List<List<Integer>> answers(Path folder) throws InterruptedException {
    LoadOptions options = new LoadOptions(LoadOptions.Dtype.FLOAT32, 64L << 20, 0, 1);
    List<List<Integer>> answers = new ArrayList<>();
    try (LoadedModel model = LoadedModel.open(folder, options);
        Batcher batcher =
            Batchers.start("bundle", model.engine(), BatchingConfig.DEFAULT, System::nanoTime)) {
      int vocabulary = model.info().vocabularySize();
      List<TokenStream> streams = new ArrayList<>();
      List<int[]> prompts = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        int length = i % 3 == 0 ? 100 + i : 1 + i % 60;
        prompts.add(new Random(i).ints(length, 0, vocabulary).toArray());
        streams.add(accepted(batcher, i, prompts.get(i)));
        if (i % 5 == 4) {
          leave(accepted(batcher, 1000 + i, prompts.get(i)), i % 2 == 0 ? 0 : 3);
        }
      }
      for (TokenStream stream : streams) {
        answers.add(Answers.read(stream));
      }
      for (int i = 0; i < REQUESTS; i += 20) {
        IntStream said = answers.get(i).stream().mapToInt(Integer::intValue);
        IntStream more = new Random(-i).ints(7, 0, vocabulary);
        IntStream whole =
            IntStream.concat(IntStream.of(prompts.get(i)), IntStream.concat(said, more));
        answers.add(Answers.read(accepted(batcher, i, whole.toArray())));
      }
    }
    assertThat(answers)
        .hasSize(REQUESTS + REQUESTS / 20)
        .allSatisfy(a -> assertThat(a).isNotEmpty());
    return answers;
  }

  /** In the queue or in the middle of a prompt, or after some tokens; its slot is used again. */
  private static void leave(TokenStream stream, int tokens) throws InterruptedException {
    try (stream) {
      for (int i = 0; i < tokens; i++) {
        assertThat(stream.next()).isInstanceOf(TokenEvent.Token.class);
      }
    }
  }

  private static TokenStream accepted(Batcher batcher, int number, int[] prompt) {
    GenerateRequest request = Answers.request(number, prompt, TOKENS);
    return Answers.accepted(batcher.submit(request));
  }
}
