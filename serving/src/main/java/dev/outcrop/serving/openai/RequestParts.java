package dev.outcrop.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outcrop.batching.Tier;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.RequestFields;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.json.Fields;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads what the requests of OpenAI's API have alike. */
final class RequestParts {
  /** The most choices of one prompt. */
  static final int MAX_CHOICES = 8;

  private static final int MAX_LABELS = 16;
  private static final int MAX_LABEL = 512;
  private static final String EFFORT = "reasoning_effort";
  private static final List<String> EFFORTS =
      List.of("none", "minimal", "low", "medium", "high", "xhigh");
  private static final List<String> THINKING = List.of("enable_thinking", "thinking");

  private RequestParts() {}

  /** Refuses members that would change the answer and are not offered. */
  static void refuse(Fields fields, List<String> names) {
    for (String name : names) {
      JsonNode value = fields.raw(name);
      boolean nothing = value == null || (value.isContainerNode() && value.isEmpty());
      if (!nothing) {
        throw Fields.unsupported(fields.path(name) + " is not supported by this server.");
      }
    }
  }

  /** Refuses a member that is there with any other value than the one that is offered. */
  static void only(Fields fields, String name, String offered) {
    JsonNode value = fields.raw(name);
    if (value != null && !offered.equals(value.asText())) {
      throw Fields.unsupported(
          "%s is only supported as %s by this server.".formatted(fields.path(name), offered));
    }
  }

  /** Checks the members that InvokeModel has in its URL too. */
  static void checkTarget(Fields fields, BodyFormat.Target target) {
    String model = fields.stringOrNull("model", 1, 2_048);
    if (model != null && !model.equals(target.modelId())) {
      throw fields.bad("model", "must be the model id of the URL, or left out");
    }
    if (fields.has("stream") && fields.bool("stream", false) != target.streaming()) {
      throw fields.bad(
          "stream", "must be %s for this operation, or left out".formatted(target.streaming()));
    }
  }

  /** Checks the members that say whose request it is and change nothing. */
  static void checkLabels(Fields fields) {
    for (String name : List.of("user", "safety_identifier", "prompt_cache_key")) {
      fields.stringOrNull(name, 0, MAX_LABEL);
    }
    Fields metadata = fields.objectOrNull("metadata");
    if (metadata == null) {
      return;
    }
    List<String> names = metadata.names();
    if (names.size() > MAX_LABELS) {
      throw fields.bad("metadata", "must hold at most %d entries".formatted(MAX_LABELS));
    }
    for (String name : names) {
      if (name.length() > MAX_LABEL || !metadata.node().path(name).isTextual()) {
        throw fields.bad("metadata", "must hold strings alone");
      }
      metadata.string(name, 0, MAX_LABEL);
    }
  }

  /** How many choices of each prompt are asked for. */
  static int choices(Fields fields, int most) {
    int choices = fields.integer("n", 1, most, 1);
    if (fields.integer("best_of", 1, Integer.MAX_VALUE, choices) != choices) {
      throw Fields.unsupported("best_of is only supported where it is n.");
    }
    return choices;
  }

  /** Whether a stream says its usage at the end. */
  static boolean streamUsage(Fields fields, boolean streaming) {
    Fields options = fields.objectOrNull("stream_options");
    if (options == null) {
      return false;
    }
    if (!streaming) {
      throw fields.bad("stream_options", "must be left out where stream is not true");
    }
    return options.bool("include_usage", false);
  }

  /** Its own word {@code auto} is the default tier. What the header names has to agree. */
  static @Nullable Tier tier(Fields fields, @Nullable Tier header) {
    JsonNode word = fields.raw("service_tier");
    if (word == null) {
      return header;
    }
    Tier tier =
        "auto".equals(word.textValue()) ? Tier.DEFAULT : RequestFields.tier(fields, "service_tier");
    if (header != null && header != tier) {
      throw fields.bad("service_tier", "must be that of the header, or left out");
    }
    return tier;
  }

  /** The stop strings: one, or a list. */
  static List<String> stops(Fields fields, LimitsConfig limits) {
    JsonNode stop = fields.raw("stop");
    if (stop != null && stop.isTextual()) {
      return List.of(RequestFields.stop(fields, "stop", limits));
    }
    return RequestFields.stops(fields, "stop", limits);
  }

  /**
   * What the template may read besides: how much to reason. No reasoning at all is what templates
   * call {@code enable_thinking}.
   *
   * @param effort where the member is that names the effort
   * @param name that member
   */
  static Map<String, @Nullable Object> variables(Fields fields, Fields effort, String name) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    putEffort(effort, name, variables);
    Fields given = fields.objectOrNull("chat_template_kwargs");
    if (given == null) {
      return variables;
    }
    for (String variable : given.names()) {
      if (variable.equals(EFFORT)) {
        putEffort(given, EFFORT, variables);
      } else if (THINKING.contains(variable)) {
        variables.put(variable, given.bool(variable, true));
      } else {
        throw Fields.unsupported(given.path(variable) + " is not supported by this server.");
      }
    }
    return variables;
  }

  private static void putEffort(Fields fields, String name, Map<String, @Nullable Object> to) {
    String effort = fields.choiceOrNull(name, EFFORTS);
    if (effort != null) {
      to.put(EFFORT, effort);
      if (effort.equals("none")) {
        to.put("enable_thinking", false);
      }
    }
  }
}
