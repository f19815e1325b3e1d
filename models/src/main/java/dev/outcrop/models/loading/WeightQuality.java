package dev.outcrop.models.loading;

import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.text.IncrementalDetokenizer;
import dev.outcrop.models.text.Tokenizer;
import dev.outcrop.models.torch.TorchEngine;
import dev.outcrop.models.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Compares what a decoder says with quantised weights to what it says with whole ones in bfloat16.
 * Used by the bench command on one thread.
 */
public final class WeightQuality implements AutoCloseable {
  private static final int CHUNK = 512;
  private static final int AT_ONCE = 16; // answers

  private final Path folder;
  private final DecoderConfig config;
  private final Checkpoint checkpoint;
  private final Tokenizer tokenizer;
  private final int[] stopTokens;
  private final int threads;
  private final List<Conversation> conversations;
  private final int longest;
  private List<int[]> answers = List.of();
  private final TorchEngine whole;

  /**
   * A prompt and its answer.
   *
   * @param prompt what the chat template makes of a conversation
   * @param answer the right answer
   */
  public record Conversation(String prompt, String answer) {}

  /**
   * What weights are worth.
   *
   * @param tokens tokens of all answers, which the whole model gave and both were asked about
   * @param divergence Kullback-Leibler divergence from the whole model per token, in nats
   * @param agreement share of tokens after which both find the same token the most likely
   * @param right answers that are right, character for character
   */
  public record Score(int tokens, double divergence, double agreement, int right) {}

  private WeightQuality(
      Path folder, Tokenizer tokenizer, int[] stopTokens, int threads, List<Conversation> all)
      throws IOException {
    this.folder = folder;
    this.config = DecoderConfig.read(folder);
    this.checkpoint = Checkpoint.open(folder);
    this.tokenizer = tokenizer;
    this.stopTokens = stopTokens;
    this.threads = threads;
    this.conversations = List.copyOf(all);
    this.longest = longest();
    this.whole = engine(Quantization.NONE);
  }

  /**
   * Loads the whole model and has it answer.
   *
   * @param threads threads of one operator, 0 for libtorch's choice
   * @throws IOException where a conversation cannot be run
   */
  public static WeightQuality open(Path folder, List<Conversation> conversations, int threads)
      throws IOException {
    int[] stop = LoadedModel.stopTokens(folder);
    Tokenizer tokenizer = Tokenizer.open(folder);
    WeightQuality quality;
    try {
      quality = new WeightQuality(folder, tokenizer, stop, threads, conversations);
    } catch (RuntimeException | IOException e) {
      tokenizer.close();
      throw e;
    }
    try {
      quality.answers = quality.greedy(quality.whole);
      return quality;
    } catch (RuntimeException e) {
      quality.close();
      throw e;
    }
  }

  /** The most tokens that a conversation may come to. */
  private int longest() throws IOException {
    int longest = 1;
    for (int i = 0; i < conversations.size(); i++) {
      int prompt = ids(conversations.get(i).prompt()).length;
      int tokens = prompt + most(conversations.get(i));
      if (prompt == 0) {
        throw new IOException("the prompt of conversation %d is empty".formatted(i + 1));
      }
      if (tokens > config.maxPosition()) {
        throw new IOException(
            "conversation %d may come to %d tokens, the model takes %d"
                .formatted(i + 1, tokens, config.maxPosition()));
      }
      longest = Math.max(longest, tokens);
    }
    return longest;
  }

  private TorchEngine engine(Quantization quantization) {
    EngineOptions options =
        new EngineOptions(
            ComputeType.BFLOAT16,
            AT_ONCE * longest,
            threads,
            quantization,
            new KernelTuning.Fixed());
    return TorchEngine.open(config, checkpoint, EngineLoader.torch(options));
  }

  /** The folder. */
  public Path folder() {
    return folder;
  }

  /** Loads the model with other weights and compares it. */
  public Score score(Quantization quantization) {
    try (TorchEngine engine = engine(quantization)) {
      int tokens = 0;
      int same = 0;
      int right = 0;
      double divergence = 0;
      for (int i = 0; i < conversations.size(); i++) {
        int[] prompt = ids(conversations.get(i).prompt());
        int[] all = Arrays.copyOf(prompt, prompt.length + answers.get(i).length);
        System.arraycopy(answers.get(i), 0, all, prompt.length, answers.get(i).length);
        int most = prompt.length + most(conversations.get(i));
        float[][] expected = logits(whole, all, most);
        float[][] actual = logits(engine, all, most);
        // The last prompt token's logits choose the first token of the answer; the last one's, its
        // end.
        for (int t = prompt.length - 1; t < all.length; t++) {
          divergence += divergence(expected[t], actual[t]);
          same += best(expected[t]) == best(actual[t]) ? 1 : 0;
          tokens++;
        }
      }
      List<int[]> own = greedy(engine);
      for (int i = 0; i < own.size(); i++) {
        right += text(own.get(i)).equals(conversations.get(i).answer()) ? 1 : 0;
      }
      return new Score(tokens, divergence / tokens, (double) same / tokens, right);
    }
  }

  private int[] ids(String prompt) {
    return tokenizer.encodeTrusted(prompt);
  }

  /** Logits after every token, of a sequence that might have come to so many. */
  private static float[][] logits(TorchEngine engine, int[] ids, int most) {
    float[][] logits = new float[ids.length][];
    StepPlan plan = new StepPlan();
    for (int from = 0; from < ids.length; from += CHUNK) {
      int count = Math.min(CHUNK, ids.length - from);
      plan.clear();
      plan.row(from);
      plan.form(engine.ropeForm(most));
      plan.tokens(ids, from, count);
      plan.segment(0, from + count);
      System.arraycopy(engine.logits(plan), 0, logits, from, count);
    }
    return logits;
  }

  /** Room for an answer: the right one, and as much more as evaluate.py of the demo model gives. */
  private int most(Conversation conversation) {
    return ids(conversation.answer()).length + 8;
  }

  /** The engine's answers to all conversations, some at once. */
  private List<int[]> greedy(TorchEngine engine) {
    List<int[]> all = new ArrayList<>();
    for (int from = 0; from < conversations.size(); from += AT_ONCE) {
      List<Answer> some = new ArrayList<>();
      for (int i = from; i < Math.min(from + AT_ONCE, conversations.size()); i++) {
        some.add(new Answer(conversations.get(i), some.size() * longest));
      }
      some.forEach(answer -> answer.prefill(engine));
      List<Answer> open = some.stream().filter(answer -> !answer.ended).toList();
      while (!open.isEmpty()) {
        StepPlan plan = new StepPlan();
        open.forEach(answer -> answer.plan(engine, plan, answer.length - 1));
        int[] tokens = step(engine, plan);
        for (int i = 0; i < tokens.length; i++) {
          open.get(i).take(tokens[i]);
        }
        open = open.stream().filter(answer -> !answer.ended).toList();
      }
      some.forEach(answer -> all.add(answer.tokens()));
    }
    return all;
  }

  private static int[] step(TorchEngine engine, StepPlan plan) {
    return switch (engine.submit(plan).await()) {
      case StepResult.Sampled result -> result.tokens();
      case StepResult.Failed(OutcropException error) -> throw error;
    };
  }

  /** A greedy answer on its way. */
  private final class Answer {
    private final int[] all;
    private final int prompt;
    private final int slot;
    private int length;
    private boolean ended;

    Answer(Conversation conversation, int slot) {
      int[] ids = ids(conversation.prompt());
      this.all = Arrays.copyOf(ids, ids.length + most(conversation));
      this.prompt = ids.length;
      this.slot = slot;
      this.length = prompt;
    }

    void prefill(TorchEngine engine) {
      StepPlan plan = new StepPlan();
      plan(engine, plan, 0);
      take(step(engine, plan)[0]);
    }

    /** Adds the row that computes tokens from one on, and samples. */
    void plan(TorchEngine engine, StepPlan plan, int from) {
      plan.row(from);
      plan.form(engine.ropeForm(all.length));
      plan.tokens(all, from, length - from);
      plan.segment(slot, length);
      plan.sample(Sampling.GREEDY, all, prompt, length);
    }

    void take(int token) {
      if (IntStream.of(stopTokens).anyMatch(stop -> stop == token)) {
        ended = true;
        return;
      }
      all[length++] = token;
      ended = length == all.length;
    }

    int[] tokens() {
      return Arrays.copyOfRange(all, prompt, length);
    }
  }

  private String text(int[] ids) {
    IncrementalDetokenizer detokenizer = tokenizer.detokenizer();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(detokenizer.accept(id));
    }
    return text.append(detokenizer.flush()).toString();
  }

  /** From the distribution of the first logits to that of the second, in nats. */
  static double divergence(float[] expected, float[] actual) {
    double expectedSum = logSumExp(expected);
    double actualSum = logSumExp(actual);
    double sum = 0;
    for (int v = 0; v < expected.length; v++) {
      double log = expected[v] - expectedSum;
      sum += Math.exp(log) * (log - (actual[v] - actualSum));
    }
    return sum;
  }

  private static double logSumExp(float[] logits) {
    float largest = logits[best(logits)];
    double sum = 0;
    for (float value : logits) {
      sum += Math.exp(value - largest);
    }
    return largest + Math.log(sum);
  }

  private static int best(float[] logits) {
    int best = 0;
    for (int v = 1; v < logits.length; v++) {
      best = logits[v] > logits[best] ? v : best;
    }
    return best;
  }

  @Override
  public void close() {
    whole.close();
    tokenizer.close();
  }
}
