package dev.outcrop.bench.micro;

import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ChatTemplate;
import dev.outcrop.models.text.IncrementalDetokenizer;
import dev.outcrop.models.text.Prompt;
import dev.outcrop.models.text.Tokenizer;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** From a conversation to tokens and back; run by JMH. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TextCosts {
  static final int CHARACTERS = 4_096;
  static final int TURNS = 20;

  private static final String SENTENCE =
      "The 17 engineers met at 9:45, drank coffee, and wrote down what \"fast\" means (in ms). ";

  private final Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private final List<ChatMessage> conversation = new ArrayList<>();
  private String text = "";
  private int[] tokens = {};
  private @Nullable Tokenizer tokenizer;
  private @Nullable ChatTemplate template;

  /** JMH makes it. */
  public TextCosts() {}

  /** Opens the text files of a checkpoint. */
  @Setup(Level.Trial)
  public void open() {
    tokenizer = Tokenizer.open(MicroFolder.path());
    template = ChatTemplate.open(MicroFolder.path());
    text = SENTENCE.repeat(CHARACTERS / SENTENCE.length() + 1).substring(0, CHARACTERS);
    tokens = tokenizer.encodeTrusted(text);
    for (int turn = 0; turn < TURNS; turn++) {
      conversation.add(ChatMessage.of(turn % 2 == 0 ? "user" : "assistant", SENTENCE));
    }
  }

  /** Frees the native tokenizer. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(tokenizer).close();
  }

  /** A text of {@value #CHARACTERS} characters into tokens. */
  @Benchmark
  public int[] tokenizer() {
    return Objects.requireNonNull(tokenizer).encodeTrusted(text);
  }

  /** The tokens of that text back into text, one by one as they are streamed. */
  @Benchmark
  public int detokenizer() {
    IncrementalDetokenizer detokenizer = Objects.requireNonNull(tokenizer).detokenizer();
    int length = 0;
    for (int token : tokens) {
      length += detokenizer.accept(token).length();
    }
    return length + detokenizer.flush().length();
  }

  /** A conversation of {@value #TURNS} turns through the checkpoint's chat template. */
  @Benchmark
  public Prompt template() {
    return Objects.requireNonNull(template).render(conversation, List.of(), true, Map.of(), clock);
  }
}
