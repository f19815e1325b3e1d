package dev.outcrop.models.text;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.jinja.JinjaTemplate;
import dev.outcrop.models.jinja.Limits;
import dev.outcrop.models.jinja.RequestValues;
import dev.outcrop.models.jinja.Text;
import dev.outcrop.models.jinja.Value;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's chat template: turns a conversation into a prompt as transformers'
 * apply_chat_template does, and keeps apart what the template wrote and what came with the request.
 * Compiled once; {@link #render} may be called from any thread, usually the request's.
 */
public final class ChatTemplate {
  private static final Set<String> OWN_VARIABLES =
      Set.of("messages", "tools", "documents", "add_generation_prompt");

  private final JinjaTemplate chat;
  private final JinjaTemplate toolUse;
  private final String toolUseSource;
  private final boolean argumentsAsText;
  private final Map<String, String> specialTokens;

  private ChatTemplate(
      JinjaTemplate chat,
      JinjaTemplate toolUse,
      String toolUseSource,
      Map<String, String> specialTokens) {
    this.chat = chat;
    this.toolUse = toolUse;
    this.toolUseSource = toolUseSource;
    argumentsAsText = ArgumentsText.isWantedBy(toolUseSource);
    this.specialTokens = Map.copyOf(specialTokens);
  }

  /**
   * Reads the template of a checkpoint: chat_template.jinja, else the entry chat_template of
   * tokenizer_config.json (one template, or named ones), else chat_template.json.
   *
   * @param folder the checkpoint
   * @throws OutcropException CHECKPOINT_INVALID if there is none or a file cannot be read,
   *     CHECKPOINT_UNSUPPORTED for a construct that the interpreter does not know, with its file
   *     and line
   */
  public static ChatTemplate open(Path folder) {
    TemplateFiles files = TemplateFiles.read(folder);
    JinjaTemplate chat = parse(files.chat());
    TemplateFiles.Source toolUse = files.toolUse();
    return new ChatTemplate(
        chat,
        toolUse == null ? chat : parse(toolUse),
        files.forTools().text(),
        files.specialTokens());
  }

  /**
   * The source of a checkpoint's template for requests with tools, not compiled; empty where there
   * is none.
   *
   * @throws OutcropException CHECKPOINT_INVALID if a file cannot be read
   */
  public static String source(Path folder) {
    TemplateFiles files = TemplateFiles.find(folder);
    return files == null ? "" : files.forTools().text();
  }

  /**
   * The names of the files that a checkpoint's templates stand in: one, or two where requests with
   * tools have another file; empty where there is none.
   *
   * @throws OutcropException CHECKPOINT_INVALID if a file cannot be read
   */
  public static List<String> files(Path folder) {
    TemplateFiles files = TemplateFiles.find(folder);
    return files == null
        ? List.of()
        : Stream.of(files.chat(), files.forTools())
            .map(source -> String.valueOf(source.file().getFileName()))
            .distinct()
            .toList();
  }

  private static JinjaTemplate parse(TemplateFiles.Source source) {
    return JinjaTemplate.parse(source.text(), source.file() + ": chat template");
  }

  /**
   * Compiles a template given as text.
   *
   * @param source the template
   * @param specialTokens names such as bos_token and their text, which the template may print
   * @throws OutcropException CHECKPOINT_UNSUPPORTED, with the line
   */
  public static ChatTemplate of(String source, Map<String, String> specialTokens) {
    JinjaTemplate template = JinjaTemplate.parse(source);
    return new ChatTemplate(template, template, source, specialTokens);
  }

  /** The source of the template for requests with tools. */
  public String source() {
    return toolUseSource;
  }

  /**
   * Renders a conversation.
   *
   * @param messages the turns
   * @param tools the tools the model may call; none and an empty list are the same
   * @param addGenerationPrompt whether the prompt ends with the head of the assistant's turn
   * @param options further variables such as enable_thinking: maps, lists, strings, numbers,
   *     booleans, nulls
   * @param clock the time that a template prints
   * @return the prompt; only what the template or the checkpoint wrote is trusted
   * @throws OutcropException TEMPLATE_FAILED if the template refuses the conversation, breaks, or
   *     takes more than its budget
   */
  public Prompt render(
      List<ChatMessage> messages,
      List<ToolDefinition> tools,
      boolean addGenerationPrompt,
      Map<String, @Nullable Object> options,
      Clock clock) {
    Map<String, Value> variables = new HashMap<>();
    specialTokens.forEach((name, text) -> variables.put(name, Value.Str.trusted(text)));
    options.forEach(
        (name, value) -> {
          if (OWN_VARIABLES.contains(name) || specialTokens.containsKey(name)) {
            throw new OutcropException(
                ModelError.TEMPLATE_FAILED, "the template option '" + name + "' cannot be set");
          }
          variables.put(name, RequestValues.of(value));
        });
    variables.put("messages", RequestValues.of(messages.stream().map(this::fields).toList()));
    variables.put(
        "tools",
        RequestValues.of(tools.isEmpty() ? null : tools.stream().map(this::fields).toList()));
    variables.put("documents", RequestValues.of(null));
    variables.put("add_generation_prompt", RequestValues.of(addGenerationPrompt));
    JinjaTemplate template = tools.isEmpty() ? chat : toolUse;
    return prompt(template.render(variables, Limits.DEFAULT, clock));
  }

  private static Prompt prompt(Text text) {
    List<Prompt.Piece> pieces = new ArrayList<>();
    text.forEachRun((chars, trusted) -> pieces.add(new Prompt.Piece(chars, trusted)));
    return new Prompt(pieces);
  }

  private Map<String, @Nullable Object> fields(ChatMessage message) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("role", message.role());
    fields.put("content", message.content());
    if (message.reasoning() != null) {
      fields.put("reasoning_content", message.reasoning());
    }
    if (!message.toolCalls().isEmpty()) {
      fields.put("tool_calls", message.toolCalls().stream().map(this::fields).toList());
    }
    if (message.toolCallId() != null) {
      fields.put("tool_call_id", message.toolCallId());
    }
    if (message.name() != null) {
      fields.put("name", message.name());
    }
    return fields;
  }

  private Map<String, @Nullable Object> fields(ChatMessage.ToolCall call) {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    function.put(
        "arguments", argumentsAsText ? ArgumentsText.of(call.arguments()) : call.arguments());
    return typed(call.id(), function);
  }

  private Map<String, @Nullable Object> fields(ToolDefinition tool) {
    Map<String, @Nullable Object> function = new LinkedHashMap<>();
    function.put("name", tool.name());
    function.put("description", tool.description());
    function.put("parameters", tool.parameters());
    return typed(null, function);
  }

  private static Map<String, @Nullable Object> typed(
      @Nullable String id, Map<String, @Nullable Object> function) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    if (id != null) {
      fields.put("id", id);
    }
    fields.put("type", "function");
    fields.put("function", function);
    return fields;
  }
}
