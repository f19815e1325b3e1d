package dev.outcrop.bench;

import dev.outcrop.models.loading.ComputeType;
import dev.outcrop.models.loading.EngineBench;
import dev.outcrop.models.loading.Quantization;
import dev.outcrop.serving.plan.ModelWork;
import dev.outcrop.serving.plan.Roof;
import java.util.Map;

/**
 * What a step of an engine cannot be faster than: its bytes and operations, counted from the shape,
 * over what this machine's memory and matrix products reach, measured in the same run.
 */
final class EngineRoof {
  private final ModelWork work;
  private final double typeShare;

  EngineRoof(EngineBench.Shape shape, int tokens, ComputeType type, Quantization quantization) {
    work = ModelWork.of(shape.config(tokens), quantization);
    typeShare = type == ComputeType.FLOAT32 ? 2 : 1; // of bfloat16's bytes, which work counts
  }

  /** Predicts a decode step and puts it beside the measured one. */
  void decode(
      Map<String, Number> result,
      double millis,
      int batch,
      double context,
      double gigabytes,
      double gigaflops) {
    double bytes = typeShare * (work.bytesRead(batch) + batch * work.kvBytesRead(context));
    double flops = batch * work.decodeFlops(context);
    double roof = millis(bytes, flops, gigabytes, gigaflops);
    result.put("readMegabytes", bytes / 1e6);
    result.put("gigaflop", flops / 1e9);
    result.put("rooflineMs", roof);
    result.put("rooflineShare", roof / millis);
  }

  /** The same of a prompt. */
  void prefill(
      Map<String, Number> result, double millis, int tokens, double gigabytes, double gigaflops) {
    double roof =
        millis(typeShare * work.bytesRead(tokens), work.promptFlops(tokens), gigabytes, gigaflops);
    result.put("prefillRooflineMs", roof);
    result.put("prefillRooflineShare", roof / millis);
  }

  /**
   * Puts a prompt beside matrix products with a prompt's number of rows.
   *
   * @param alone ms that all linear layers, the head among them, take with so many rows
   */
  void products(Map<String, Number> result, double millis, int tokens, double alone, int gemmRows) {
    double rate = gemmRows * work.decodeFlops(0) / alone / 1e6;
    result.put("gemmRows", gemmRows);
    result.put("linearGigaflopsPerSecond", rate);
    result.put("prefillGemmShare", work.promptFlops(tokens) / millis / 1e6 / rate);
  }

  private static double millis(double bytes, double flops, double gigabytes, double gigaflops) {
    return new Roof(gigabytes * 1e9, gigaflops * 1e9).seconds(bytes, flops) * 1e3;
  }
}
