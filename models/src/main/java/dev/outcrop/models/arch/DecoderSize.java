package dev.outcrop.models.arch;

import java.util.HashMap;
import java.util.Map;

/**
 * What a decoder consists of, counted from its configuration alone: no weights are looked at. Used
 * by whoever predicts memory, speed or cost, on any thread.
 *
 * @param embedding numbers of the embedding
 * @param head numbers that the output head multiplies with; those of the embedding where it is tied
 * @param tied whether the head is the embedding
 * @param linear numbers of the matrices that every token passes, head and experts left out
 * @param plain numbers of norms, biases, routers and the like
 * @param experts layers with experts, alike ones together
 * @param attention what attention reads and computes
 */
public record DecoderSize(
    long embedding,
    long head,
    boolean tied,
    long linear,
    long plain,
    Map<Routed, Integer> experts,
    Attending attention) {

  /** Copies the map. */
  public DecoderSize {
    experts = Map.copyOf(experts);
  }

  /**
   * The experts of a layer.
   *
   * @param numbers of one expert
   * @param count how many there are
   * @param perToken how many of them a token passes
   */
  public record Routed(long numbers, int count, int perToken) {
    /** How many of them a step with so many tokens needs on average, if tokens choose evenly. */
    double touched(double tokens) {
      return count * (1 - Math.pow(1 - (double) perToken / count, tokens));
    }
  }

  /**
   * Attention over all layers.
   *
   * @param kvNumbers numbers that K and V of a token are in one layer
   * @param scoreFlops operations in one layer for one token and one token that it sees
   * @param windows layers by how many tokens they see at most
   */
  public record Attending(long kvNumbers, long scoreFlops, Map<Integer, Integer> windows) {
    /** Copies the map. */
    public Attending {
      windows = Map.copyOf(windows);
    }

    /** Tokens that a token sees at a position, summed over layers. */
    public double seen(double context) {
      double sum = 0;
      for (Map.Entry<Integer, Integer> layers : windows.entrySet()) {
        sum += layers.getValue() * Math.min(context, layers.getKey());
      }
      return sum;
    }

    /** The same summed over all tokens of a prompt, each of which sees those before it. */
    public double seenByPrompt(double tokens) {
      double sum = 0;
      for (Map.Entry<Integer, Integer> layers : windows.entrySet()) {
        double growing = Math.min(tokens, layers.getKey());
        sum += layers.getValue() * (growing * growing / 2 + (tokens - growing) * growing);
      }
      return sum;
    }
  }

  /** Counts a decoder. */
  public static DecoderSize of(DecoderConfig config) {
    Counting counting = new Counting(config);
    config.layers().forEach(counting::add);
    long embedding = (long) config.vocabularySize() * config.hiddenSize();
    Attention attention = config.attention();
    long kvNumbers = 2L * attention.kvHeads() * attention.headDim();
    long scoreFlops = 4L * attention.heads() * attention.headDim();
    return new DecoderSize(
        embedding,
        embedding,
        config.tiedEmbeddings(),
        counting.linear,
        counting.plain + counting.norm(),
        counting.experts,
        new Attending(kvNumbers, scoreFlops, counting.windows));
  }

  /** Parameters of the checkpoint. */
  public long parameters() {
    return embedding + (tied ? 0 : head) + linear + plain + expertNumbers();
  }

  /** Numbers of all experts. */
  public long expertNumbers() {
    return experts.entrySet().stream()
        .mapToLong(layers -> layers.getValue() * layers.getKey().numbers * layers.getKey().count)
        .sum();
  }

  /** Parameters that a token is multiplied with, the head among them. */
  public long active() {
    return head + linear + plain + (long) expertNumbers(1);
  }

  /** Numbers of the experts that a step with so many tokens needs on average. */
  public double expertNumbers(double tokens) {
    double sum = 0;
    for (Map.Entry<Routed, Integer> layers : experts.entrySet()) {
      sum += layers.getValue() * layers.getKey().numbers * layers.getKey().touched(tokens);
    }
    return sum;
  }

  /** The sums so far. */
  private static final class Counting {
    private final DecoderConfig config;
    private final long hidden;
    private final Map<Routed, Integer> experts = new HashMap<>();
    private final Map<Integer, Integer> windows = new HashMap<>();
    private long linear;
    private long plain;

    Counting(DecoderConfig config) {
      this.config = config;
      this.hidden = config.hiddenSize();
    }

    void add(Layer layer) {
      Integer window = layer.window();
      windows.merge(window == null ? Integer.MAX_VALUE : window, 1, Integer::sum);
      plain += (config.norms().place() == Norms.Place.AROUND ? 4 : 2) * norm();
      Attention.Latent latent = config.attention().latent();
      if (latent == null) {
        attention(config.attention());
      } else {
        latent(config.attention(), latent);
      }
      switch (layer.mlp()) {
        case Mlp.Gated(int width, _, boolean bias, _) -> {
          linear += 3 * hidden * width;
          plain += bias ? 2L * width + hidden : 0;
        }
        case Mlp.Plain(int width, _, boolean bias) -> {
          linear += 2 * hidden * width;
          plain += bias ? width + hidden : 0;
        }
        case Experts routed -> experts(routed);
      }
    }

    long norm() {
      return config.norms().kind() == Norms.Kind.LAYER ? 2 * hidden : hidden;
    }

    private void attention(Attention attention) {
      long q = (long) attention.heads() * attention.headDim();
      long kv = (long) attention.kvHeads() * attention.headDim();
      linear += hidden * (q + 2 * kv) + q * hidden;
      plain += attention.bias() ? q + 2 * kv : 0;
      plain += attention.outputBias() ? hidden : 0;
      plain += attention.sinks() ? attention.heads() : 0;
      plain +=
          switch (attention.qkNorm()) {
            case NONE -> 0;
            case HEAD -> 2L * attention.headDim();
            case WIDTH -> q + kv;
          };
    }

    private void latent(Attention attention, Attention.Latent latent) {
      long heads = attention.heads();
      long q = heads * attention.headDim();
      long unrotated = (long) attention.headDim() - attention.rotaryDim();
      Integer queryRank = latent.queryRank();
      linear += queryRank == null ? hidden * q : queryRank * (hidden + q);
      plain += queryRank == null ? 0 : queryRank;
      linear += hidden * (latent.rank() + attention.rotaryDim());
      linear += heads * (unrotated + latent.valueDim()) * latent.rank();
      linear += heads * latent.valueDim() * hidden;
      plain += latent.rank();
    }

    private void experts(Experts routed) {
      long width = routed.width();
      long biases = routed.bias() ? 2 * width + hidden : 0;
      experts.merge(
          new Routed(3 * hidden * width + biases, routed.count(), routed.perToken()),
          1,
          Integer::sum);
      plain += routed.count() * (hidden + (routed.bias() ? 1 : 0)); // the router
      plain += routed.storage() == Experts.Storage.DEEPSEEK ? routed.count() : 0; // its correction
      Experts.Shared shared = routed.shared();
      if (shared != null) {
        linear += 3 * hidden * shared.width();
        plain += shared.weighed() ? hidden : 0;
      }
    }
  }
}
