package dev.outcrop.bench.gpu;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
import dev.outcrop.models.loading.EngineOptions;
import dev.outcrop.models.loading.GpuKit;
import dev.outcrop.models.loading.KernelTuning;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** The steps that a decoder of random weights is measured with, and what they cost at least. */
final class KitCases {
  /** Tokens that a sequence has of its own behind a shared prefix: a unit of KV. */
  static final int OWN = 32;

  private final EngineBench.Shape shape;
  private final ComputeType type;
  private final Quantization quantization;
  private final StepPlan plan = new StepPlan();

  KitCases(EngineBench.Shape shape, ComputeType type, Quantization quantization) {
    this.shape = shape;
    this.type = type;
    this.quantization = quantization;
  }

  /** What a case is limited by, and what its figures are compared with. */
  enum Kind {
    /** A token of each row. */
    DECODE,
    /** All tokens of one row. */
    PREFILL
  }

  /**
   * A step to be timed.
   *
   * @param name such as {@code decode-16}
   * @param rows sequences
   * @param context tokens that the last token of each sees, itself included
   * @param distinct tokens whose KV the step reads, shared ones once
   * @param bytes of weights and KV that it has to read
   * @param flops operations that it has to do
   * @param fill the steps before it, which make the KV that it reads
   * @param step the step; it may be run again and again
   */
  record Case(
      String name,
      Kind kind,
      int rows,
      int context,
      long distinct,
      double bytes,
      double flops,
      List<GpuKit.Call> fill,
      GpuKit.Call step) {}

  /** A program with its weights and its cases. */
  record Program(GpuKit kit, int kvTokens, List<Case> cases) {}

  /** The cases of some batches; the largest is the one that shares a prefix. */
  Program of(Set<Integer> batches, int context, int prompt, int prefix, boolean standIn) {
    int largest = batches.stream().mapToInt(Integer::intValue).max().orElseThrow();
    int behind = prefix + OWN;
    int slots = Math.max(units(prompt), largest * Math.max(units(context), units(prefix) + OWN));
    DecoderConfig config = shape.config(Math.max(Math.max(context, prompt), behind));
    EngineOptions options = new EngineOptions(type, slots, 0, quantization, KernelTuning.usual());
    GpuKit kit = GpuKit.of(config, options, standIn);
    Counted counted = new Counted(config, type, quantization);
    List<Case> cases = new ArrayList<>();
    for (int rows : batches) {
      cases.add(decode(kit, counted, "decode-" + rows, rows, context));
    }
    cases.add(prefill(kit, counted, prompt));
    cases.add(shared(kit, counted, largest, prefix));
    cases.add(decode(kit, counted, "unshared-" + largest, largest, behind));
    return new Program(kit, slots, cases);
  }

  private Case decode(GpuKit kit, Counted counted, String name, int rows, int context) {
    int stride = units(context);
    List<GpuKit.Call> fill = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      plan.clear();
      add(tokens(row, context), 0, context, row * stride, context);
      fill.add(kit.step(plan));
    }
    plan.clear();
    for (int row = 0; row < rows; row++) {
      add(tokens(row, context), context - 1, context, row * stride, context);
    }
    long distinct = (long) rows * context;
    return new Case(
        name,
        Kind.DECODE,
        rows,
        context,
        distinct,
        counted.bytes(rows, distinct),
        rows * counted.work.decodeFlops(context),
        fill,
        kit.step(plan));
  }

  private Case prefill(GpuKit kit, Counted counted, int prompt) {
    plan.clear();
    add(tokens(0, prompt), 0, prompt, 0, prompt);
    return new Case(
        "prefill-" + prompt,
        Kind.PREFILL,
        1,
        prompt,
        prompt,
        counted.bytes(prompt, prompt),
        counted.work.promptFlops(prompt),
        List.of(),
        kit.step(plan));
  }

  /** The prefix runs once, then each sequence's own tokens, then a token of each. */
  private Case shared(GpuKit kit, Counted counted, int rows, int prefix) {
    int context = prefix + OWN;
    int own = units(prefix);
    int[] common = tokens(0, prefix);
    List<GpuKit.Call> fill = new ArrayList<>();
    plan.clear();
    add(common, 0, prefix, 0, prefix);
    fill.add(kit.step(plan));
    int[][] sequences = new int[rows][];
    for (int row = 0; row < rows; row++) {
      sequences[row] = tokens(row, context);
      System.arraycopy(common, 0, sequences[row], 0, prefix);
    }
    for (int from : new int[] {prefix, context - 1}) {
      plan.clear();
      for (int row = 0; row < rows; row++) {
        add(sequences[row], from, context, 0, prefix, own + row * OWN, OWN);
      }
      if (from == prefix) {
        fill.add(kit.step(plan));
      }
    }
    long distinct = prefix + (long) rows * OWN;
    return new Case(
        "shared-" + rows,
        Kind.DECODE,
        rows,
        context,
        distinct,
        counted.bytes(rows, distinct),
        rows * counted.work.decodeFlops(context),
        fill,
        kit.step(plan));
  }

  /** Adds the tokens from..to of a sequence, with segments (slot, length)... */
  private void add(int[] sequence, int from, int to, int... segments) {
    plan.row(from);
    plan.tokens(sequence, from, to - from);
    for (int i = 0; i < segments.length; i += 2) {
      plan.segment(segments[i], segments[i + 1]);
    }
    plan.sample(Sampling.GREEDY, sequence, to, to);
  }

  private int[] tokens(int sequence, int count) {
    return new Random(sequence).ints(count, 0, shape.vocabulary()).toArray();
  }

  private static int units(int tokens) {
    return Math.ceilDiv(tokens, OWN) * OWN;
  }

  /** Bytes of the decoder, whose layers all see everything. */
  private static final class Counted {
    private final ModelWork work;
    private final double share;
    private final double wholeHead;

    Counted(DecoderConfig config, ComputeType type, Quantization quantization) {
      work = ModelWork.of(config, quantization);
      share = type == ComputeType.FLOAT32 ? 2 : 1; // of bfloat16's bytes, which work counts
      // On a GPU the head stays whole; where weights are quantised, work counts a byte of its two.
      wholeHead = quantization == Quantization.NONE ? 0 : work.size().head();
    }

    double bytes(int tokens, long distinct) {
      return share
          * (work.bytesRead(tokens) + wholeHead + (double) distinct * work.kvBytesPerToken());
    }
  }
}
