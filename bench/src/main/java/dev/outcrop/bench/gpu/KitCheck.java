package dev.outcrop.bench.gpu;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineLoader;
import dev.outcrop.models.loading.EngineOptions;
import dev.outcrop.models.loading.GpuKit;
import dev.outcrop.models.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A small checkpoint with steps of every kind, and what the engine of the processor says to their
 * sequences: a prompt, a chunk in two pieces, decodes and chunks together, decodes alone that share
 * a prefix.
 *
 * @param name of its folder
 * @param kit its program
 * @param load the calls that load it
 * @param sequences token ids
 * @param steps in the order in which they have to run
 * @param logits expected after every token of the first sequence, then of the next
 */
@SuppressWarnings("ArrayRecordComponent")
record KitCheck(
    String name,
    GpuKit kit,
    List<GpuKit.Call> load,
    List<int[]> sequences,
    List<Step> steps,
    float[] logits) {
  private static final int SLOTS = 256;
  private static final int SHARED = 32;

  /**
   * Tokens of each of the three sequences, the second of which begins as the first does. As many in
   * all, so that rotary embeddings take one form.
   */
  private static final int LENGTH = 72;

  /** Where KV of the first is; the second's own; the third. */
  private static final int[] SLOT = {0, 96, 160};

  private static final int COUNT = SLOT.length;

  /**
   * A step.
   *
   * @param after the sequence and position of every token whose logits it says
   */
  record Step(String name, GpuKit.Call call, List<int[]> after) {}

  /**
   * Copies a checkpoint and makes its steps.
   *
   * @param place the folder of the copy
   */
  static KitCheck of(Path checkpoint, Path place, ComputeType type, boolean standIn)
      throws IOException {
    DecoderConfig config = DecoderConfig.read(checkpoint);
    if (config.maxPosition() < LENGTH) {
      throw new OutcropException(
          ModelError.CHECKPOINT_UNSUPPORTED,
          "%s: a check takes %d tokens, the model takes %d"
              .formatted(checkpoint, LENGTH, config.maxPosition()));
    }
    copy(checkpoint, place);
    Checkpoint copied = Checkpoint.open(place);
    GpuKit kit = GpuKit.of(config, new EngineOptions(type, SLOTS, 0), standIn);
    List<int[]> sequences = sequences(config.vocabularySize());
    return new KitCheck(
        String.valueOf(place.getFileName()),
        kit,
        kit.loaded(copied),
        sequences,
        new Steps(config, kit, sequences).all(),
        expected(config, copied, sequences));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".safetensors") || name.endsWith(".json")) {
          Files.write(to.resolve(name), Files.readAllBytes(file));
        }
      }
    }
  }

  private static List<int[]> sequences(int vocabulary) {
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      sequences.add(new Random(i).ints(LENGTH, 0, vocabulary).toArray());
    }
    System.arraycopy(sequences.get(0), 0, sequences.get(1), 0, SHARED);
    return sequences;
  }

  private static float[] expected(
      DecoderConfig config, Checkpoint checkpoint, List<int[]> sequences) {
    int vocabulary = config.vocabularySize();
    float[] all =
        new float[vocabulary * sequences.stream().mapToInt(sequence -> sequence.length).sum()];
    int at = 0;
    for (int[] sequence : sequences) {
      float[][] rows =
          EngineLoader.logits(config, checkpoint, ComputeType.FLOAT32, sequence, sequence.length);
      for (float[] row : rows) {
        System.arraycopy(row, 0, all, at, vocabulary);
        at += vocabulary;
      }
    }
    return all;
  }

  /** The steps, one after the other. */
  private static final class Steps {
    private final DecoderConfig config;
    private final GpuKit kit;
    private final List<int[]> sequences;
    private final StepPlan plan = new StepPlan();
    private final List<Step> steps = new ArrayList<>();
    private List<int[]> after = new ArrayList<>();

    Steps(DecoderConfig config, GpuKit kit, List<int[]> sequences) {
      this.config = config;
      this.kit = kit;
      this.sequences = sequences;
    }

    List<Step> all() {
      int last = LENGTH - 1;
      int own = LENGTH - SHARED;
      add(0, 0, LENGTH, SLOT[0], LENGTH);
      add(2, 0, 3, SLOT[2], 3);
      end("prompts");
      add(1, SHARED, LENGTH, SLOT[0], SHARED, SLOT[1], own);
      end("a chunk in two pieces");
      add(2, 3, LENGTH, SLOT[2], LENGTH);
      add(1, last, LENGTH, SLOT[0], SHARED, SLOT[1], own);
      add(0, last, LENGTH, SLOT[0], LENGTH);
      end("decodes and a chunk");
      add(1, last, LENGTH, SLOT[0], SHARED, SLOT[1], own);
      add(0, last, LENGTH, SLOT[0], SHARED, SLOT[0] + SHARED, own);
      end("decodes that share a prefix");
      add(0, last, LENGTH, SLOT[0], LENGTH);
      add(2, last, LENGTH, SLOT[2], LENGTH);
      end("decodes");
      return steps;
    }

    private void add(int sequence, int from, int to, int... segments) {
      int[] tokens = sequences.get(sequence);
      plan.row(from);
      plan.form(config.ropeForm(LENGTH));
      plan.tokens(tokens, from, to - from);
      for (int i = 0; i < segments.length; i += 2) {
        plan.segment(segments[i], segments[i + 1]);
      }
      for (int position = from; position < to; position++) {
        after.add(new int[] {sequence, position});
      }
    }

    private void end(String name) {
      steps.add(new Step(name, kit.logits(plan), after));
      after = new ArrayList<>();
      plan.clear();
    }
  }
}
