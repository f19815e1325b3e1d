package dev.outcrop.bench.micro;

import dev.outcrop.serving.bedrock.ConverseCodec;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import software.amazon.eventstream.Message;
import software.amazon.eventstream.MessageDecoder;

/** The protocol's codecs; run by JMH. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecCosts {
  static final int FRAMES = 64;
  static final int TURNS = 20;

  private final ConverseCodec codec = new ConverseCodec();
  private byte[] frames = {};
  private byte[] body = {};
  private @Nullable MessageDecoder decoder;
  private long payloads;

  /** JMH makes it. */
  public CodecCosts() {}

  /** Writes what is read back. */
  @Setup
  public void write() {
    byte[] one = codec.textDelta(" token");
    frames = new byte[FRAMES * one.length];
    for (int i = 0; i < FRAMES; i++) {
      System.arraycopy(one, 0, frames, i * one.length, one.length);
    }
    decoder = new MessageDecoder(this::count);
    body = body().getBytes(StandardCharsets.UTF_8);
  }

  private void count(Message message) {
    payloads += message.getPayload().length;
  }

  static String body() {
    StringBuilder messages = new StringBuilder();
    for (int turn = 0; turn < TURNS; turn++) {
      messages
          .append(turn == 0 ? "" : ",")
          .append(
              """
              {"role":"%s","content":[{"text":"How long does it take to say \\"good evening\\" to 17 guests, one by one?"}]}"""
                  .formatted(turn % 2 == 0 ? "user" : "assistant"));
    }
    return """
        {"messages":[%s,{"role":"user","content":[{"text":"And now?"}]}],
        "system":[{"text":"Answer in one sentence."}],
        "inferenceConfig":{"maxTokens":256,"temperature":0.7,"topP":0.9,"stopSequences":["END"]}}"""
        .formatted(messages);
  }

  /** The server's frames of {@value #FRAMES} tokens. */
  @Benchmark
  public int eventStreamWrite() {
    int bytes = 0;
    for (int i = 0; i < FRAMES; i++) {
      bytes += codec.textDelta(" token").length;
    }
    return bytes;
  }

  /** The same frames read by AWS's decoder, as its clients do. */
  @Benchmark
  public long eventStreamRead() {
    Objects.requireNonNull(decoder).feed(frames);
    return payloads;
  }

  /** A Converse body of {@value #TURNS} turns, read and checked. */
  @Benchmark
  public Object json() {
    return codec.read(body);
  }
}
