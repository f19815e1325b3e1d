package dev.outcrop.serving.config;

import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.Quantization;
import java.nio.file.Path;
import java.util.List;

/**
 * A model to serve.
 *
 * @param id the id that clients use; free to choose
 * @param path the folder of the checkpoint
 * @param aliases further ids
 * @param dtype the type of the weights and of the arithmetic
 * @param quantization how the weights of a decoder are held
 * @param kernelTuning auto, measure, off, or the folder that keeps what was measured
 * @param devices where a decoder runs; its layers are split over several; none for the processor
 * @param kvMemory memory for the KV cache, 0 for 1 GiB
 * @param maxContext the longest sequence, 0 for the checkpoint's own
 * @param threads CPU threads of the engine, 0 for libtorch's choice
 * @param toolFormat how the model writes tool calls
 * @param reasoningFormat how it writes reasoning
 * @param batching the limits of its batcher
 * @param encoding what only encoders have
 * @param provider who made it, as the control plane says; empty for what the id tells
 * @param name its name there; empty for what the id tells
 */
public record ModelConfig(
    String id,
    Path path,
    List<String> aliases,
    Dtype dtype,
    Quantization quantization,
    String kernelTuning,
    List<String> devices,
    ByteSize kvMemory,
    int maxContext,
    int threads,
    Tools toolFormat,
    Reasoning reasoningFormat,
    BatchingConfig batching,
    EncodingConfig encoding,
    String provider,
    String name) {
  /** Everything but id and path, which have no default. */
  public static final ModelConfig DEFAULT = new ModelConfig();

  private static final int MAX_NAME = 20;

  /** The type of weights and arithmetic. */
  public enum Dtype {
    /** What suits the checkpoint and the device. */
    AUTO,
    /** 32 bits, exact. */
    FLOAT32,
    /** 16 bits, fast. */
    BFLOAT16
  }

  /** How the model writes tool calls. */
  public enum Tools {
    /** As its chat template tells. */
    AUTO,
    /** {@code <tool_call>} and JSON. */
    HERMES,
    /** A JSON object for an answer. */
    LLAMA_JSON,
    /** A Python list of calls. */
    LLAMA_PYTHONIC,
    /** {@code [TOOL_CALLS]}. */
    MISTRAL,
    /** Channels and recipients. */
    HARMONY,
    /** DeepSeek's own tokens. */
    DEEPSEEK,
    /** Everything is text. */
    NONE
  }

  /** How the model writes reasoning. */
  public enum Reasoning {
    /** As its chat template tells. */
    AUTO,
    /** Between {@code <think>} and {@code </think>}. */
    THINK,
    /** Between {@code [THINK]} and {@code [/THINK]}. */
    MISTRAL_THINK,
    /** Everything is text. */
    NONE
  }

  private ModelConfig() {
    this(
        "?",
        Path.of("?"),
        List.of(),
        Dtype.AUTO,
        Quantization.NONE,
        "auto",
        List.of(),
        new ByteSize(0),
        0,
        0,
        Tools.AUTO,
        Reasoning.AUTO,
        BatchingConfig.DEFAULT,
        EncodingConfig.DEFAULT,
        "",
        "");
  }

  /** Checks the values. */
  public ModelConfig {
    aliases = List.copyOf(aliases);
    Check.that(!id.isBlank() && id.length() <= 2_048, "id must have between 1 and 2048 characters");
    Check.that(!path.toString().isBlank(), "path must not be empty");
    Check.that(aliases.stream().noneMatch(String::isBlank), "aliases must not hold an empty text");
    Check.that(
        quantization == Quantization.NONE || dtype != Dtype.FLOAT32,
        "quantization needs dtype bfloat16 or auto");
    Check.that(!kernelTuning.isBlank(), "kernel-tuning must be auto, measure, off or a folder");
    devices = List.copyOf(devices);
    Check.that(
        devices.stream().allMatch(LoadOptions::isDevice),
        "devices must be cpu, cpu:N, cuda or cuda:N");
    Check.that(LoadOptions.distinct(devices), "devices must name each device once");
    Check.range("max-context", maxContext, 0, Integer.MAX_VALUE);
    Check.range("threads", threads, 0, LoadOptions.MOST_THREADS);
    Check.that(provider.length() <= MAX_NAME, "provider must have at most 20 characters");
    Check.that(name.length() <= MAX_NAME, "name must have at most 20 characters");
  }

  /** A model with everything else at its default. */
  public static ModelConfig of(String id, Path path) {
    return DEFAULT.as(id, path, DEFAULT.aliases);
  }

  /** The same with other ids and another folder. */
  public ModelConfig as(String otherId, Path otherPath, List<String> otherAliases) {
    return new ModelConfig(
        otherId,
        otherPath,
        otherAliases,
        dtype,
        quantization,
        kernelTuning,
        devices,
        kvMemory,
        maxContext,
        threads,
        toolFormat,
        reasoningFormat,
        batching,
        encoding,
        provider,
        name);
  }

  /** The same that computes in another type. */
  public ModelConfig in(Dtype other) {
    return new ModelConfig(
        id,
        path,
        aliases,
        other,
        quantization,
        kernelTuning,
        devices,
        kvMemory,
        maxContext,
        threads,
        toolFormat,
        reasoningFormat,
        batching,
        encoding,
        provider,
        name);
  }

  /** The same with weights that are held in another way. */
  public ModelConfig quantised(Quantization other) {
    return new ModelConfig(
        id,
        path,
        aliases,
        dtype,
        other,
        kernelTuning,
        devices,
        kvMemory,
        maxContext,
        threads,
        toolFormat,
        reasoningFormat,
        batching,
        encoding,
        provider,
        name);
  }

  /** The same with a name, and that of who made it. */
  public ModelConfig called(String otherName, String otherProvider) {
    return new ModelConfig(
        id,
        path,
        aliases,
        dtype,
        quantization,
        kernelTuning,
        devices,
        kvMemory,
        maxContext,
        threads,
        toolFormat,
        reasoningFormat,
        batching,
        encoding,
        otherProvider,
        otherName);
  }

  /** The same with another folder. */
  ModelConfig withPath(Path other) {
    return as(id, other, aliases);
  }
}
