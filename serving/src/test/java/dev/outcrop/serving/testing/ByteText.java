package dev.outcrop.serving.testing;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.completion.CompletionFormat;
import dev.outcrop.models.completion.CompletionParser;
import dev.outcrop.models.completion.ReasoningFormat;
import dev.outcrop.models.completion.ToolFormat;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.models.grammar.GrammarCompiler;
import dev.outcrop.models.grammar.Vocabulary;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.ToolDefinition;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Constraints;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.TextModel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;

/** A tokenizer whose tokens are bytes, and a template that writes roles and texts as lines. */
public class ByteText implements TextModel {
  public static final int END = 256;
  public static final int BEGIN = 257;

  /** The last conversation that was encoded, as the template wrote it. */
  public volatile String lastPrompt = "";

  public volatile List<ChatMessage> lastMessages = List.of();
  public volatile List<ToolDefinition> lastTools = List.of();
  public volatile Map<String, Object> lastVariables = Map.of();

  /** How completions are read. */
  public volatile CompletionFormat format =
      new CompletionFormat(ToolFormat.HERMES, ReasoningFormat.THINK);

  /** Whether prompts end inside the reasoning. */
  public volatile boolean reasoningIsOpen;

  /** The control tokens, with the ids that follow {@link #BEGIN}. */
  public volatile List<String> controlTokens = List.of();

  /** A message that the template refuses. */
  public volatile String refused;

  /** The longest prompt that is looked at. */
  public volatile long mostCharacters = Long.MAX_VALUE;

  /** A fault that making a detokenizer meets. */
  public volatile RuntimeException noDetokenizer;

  /** A fault that encoding meets. */
  public volatile Supplier<RuntimeException> fault;

  @Override
  public ChatPrompt encodeChat(
      List<ChatMessage> messages, List<ToolDefinition> tools, Map<String, Object> variables) {
    if (fault != null) {
      throw fault.get();
    }
    StringBuilder text = new StringBuilder();
    for (ChatMessage message : messages) {
      if (message.content().equals(refused)) {
        throw new OutcropException(ModelError.TEMPLATE_FAILED, "The template refused.");
      }
      text.append(message.role()).append(": ").append(message.content()).append('\n');
    }
    String prompt = text + "assistant: "; // others encode at the same time
    lastPrompt = prompt;
    lastMessages = messages;
    lastTools = tools;
    lastVariables = variables;
    return new ChatPrompt(bytes(prompt), reasoningIsOpen);
  }

  @Override
  public CompletionParser parser(Set<String> tools, boolean open) {
    return format.parser(tools, open, controlTokens::contains);
  }

  @Override
  public TokenConstraint constraint(Constraint constraint, Generation.Input input, boolean open) {
    Vocabulary vocabulary = Vocabulary.of(new Bytes(), new int[] {END});
    return new Constraints(new GrammarCompiler(vocabulary, () -> 0))
        .of(constraint, format, input, open);
  }

  /** The tokens as grammars see them. */
  private final class Bytes implements Vocabulary.Tokens {
    @Override
    public int vocabularySize() {
      return vocabulary();
    }

    @Override
    public byte[] bytes(int id, boolean first) {
      return id < END ? new byte[] {(byte) id} : null;
    }

    @Override
    public boolean startDiffers() {
      return false;
    }

    @Override
    public boolean isSpecial(int id) {
      return id >= END;
    }

    @Override
    public OptionalInt idOf(String token) {
      return controlTokens.contains(token) ? OptionalInt.of(control(token)) : OptionalInt.empty();
    }
  }

  @Override
  public String controlToken(int id) {
    int index = id - BEGIN - 1;
    return index >= 0 && index < controlTokens.size() ? controlTokens.get(index) : null;
  }

  /** The id of a control token. */
  public int control(String token) {
    return BEGIN + 1 + controlTokens.indexOf(token);
  }

  @Override
  public int[] encodeText(String prompt) {
    lastPrompt = prompt;
    return bytes(prompt);
  }

  @Override
  public int vocabulary() {
    return BEGIN + 1 + controlTokens.size();
  }

  @Override
  public long mostCharacters() {
    return mostCharacters;
  }

  @Override
  public Detokenizer detokenizer() {
    if (noDetokenizer != null) {
      throw noDetokenizer;
    }
    return new Utf8();
  }

  @Override
  public String tokenText(int id) {
    return id < 256 ? new String(new byte[] {(byte) id}, StandardCharsets.UTF_8) : "";
  }

  @Override
  public int[] stopTokens() {
    return new int[] {END};
  }

  /** The tokens of a text. */
  public static int[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return ids;
  }

  /** The text of all tokens. */
  public static String text(int[] ids) {
    return text(ids, 0, ids.length);
  }

  /** The text of tokens. */
  public static String text(int[] ids, int from, int to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = from; i < to; i++) {
      out.write(ids[i]);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static final class Utf8 implements Detokenizer {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteBuffer open = ByteBuffer.allocate(8);

    @Override
    public String add(int id) {
      if (id >= 256) {
        return "";
      }
      open.put((byte) id).flip();
      CharBuffer chars = CharBuffer.allocate(4);
      decoder.decode(open, chars, false);
      open.compact();
      return chars.flip().toString();
    }

    @Override
    public String finish() {
      String rest = open.position() > 0 ? "\uFFFD" : "";
      open.clear();
      return rest;
    }
  }
}
