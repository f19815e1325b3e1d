package dev.outcrop.models.completion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Completions cut in every way, and a short notation of their parts. */
final class Completions {
  static final Set<String> OFFERED = Set.of("f", "get_weather", "add-2");

  private static final JsonMapper JSON = new JsonMapper();

  private Completions() {}

  /** How a completion is parsed. */
  record Setting(CompletionFormat format, Set<String> offered, boolean open, boolean special) {
    static Setting of(ToolFormat tools, ReasoningFormat reasoning) {
      return new Setting(new CompletionFormat(tools, reasoning), OFFERED, false, false);
    }

    Setting openReasoning() {
      return new Setting(format, offered, true, special);
    }

    Setting specialMarkers() {
      return new Setting(format, offered, open, true);
    }

    Setting offering(Set<String> names) {
      return new Setting(format, names, open, special);
    }

    CompletionParser parser() {
      return format.parser(offered, open, _ -> special);
    }

    Set<String> vocabulary() {
      Parts parts = new Parts();
      Machine machine = format.tools().machine(parts, offered);
      ReasoningFormat.Tags tags = format.reasoning().tags();
      return tags == null
          ? machine.vocabulary()
          : new ThinkingMachine(parts, tags, open, machine).vocabulary();
    }
  }

  /** Parses pieces; a piece that is a marker comes as a special token where these are such. */
  static List<CompletionPart> parse(Setting setting, List<String> pieces) {
    CompletionParser parser = setting.parser();
    List<CompletionPart> parts = new ArrayList<>();
    for (String piece : pieces) {
      parts.addAll(parser.isMarker(piece) ? parser.marker(piece) : parser.accept(piece));
    }
    parts.addAll(parser.finish());
    return parts;
  }

  /** Whole, in two pieces at every place, and one character at a time: always the same. */
  static String everyCut(Setting setting, String completion) {
    String whole = shown(setting, completion, List.of(completion));
    for (int at = 1; at < completion.length(); at++) {
      List<String> cut = List.of(completion.substring(0, at), completion.substring(at));
      assertThat(shown(setting, completion, cut)).as("cut at %d", at).isEqualTo(whole);
      assertThat(parse(setting, cut))
          .as("no part ends within a character, cut at %d", at)
          .noneMatch(
              part ->
                  !part.source().isEmpty()
                      && Character.isHighSurrogate(
                          part.source().charAt(part.source().length() - 1)));
    }
    List<String> characters = completion.chars().mapToObj(Character::toString).toList();
    assertThat(shown(setting, completion, characters)).as("characters").isEqualTo(whole);
    return whole;
  }

  static String shown(Setting setting, String completion, List<String> pieces) {
    List<String> fed = setting.special() ? atMarkers(setting.vocabulary(), pieces) : pieces;
    List<CompletionPart> parts = parse(setting, fed);
    assertThat(sources(parts)).as("nothing is lost").isEqualTo(String.join("", fed));
    if (!setting.special()) {
      assertThat(String.join("", fed)).isEqualTo(completion);
    }
    return notation(parts);
  }

  /** Cuts a completion in front of and behind every marker. */
  static List<String> atMarkers(Set<String> markers, List<String> pieces) {
    List<String> cut = new ArrayList<>();
    for (String piece : pieces) {
      int from = 0;
      for (int at = 0; at < piece.length(); at++) {
        for (String marker : markers) {
          if (piece.startsWith(marker, at) && at >= from) {
            cut.add(piece.substring(from, at));
            cut.add(marker);
            from = at + marker.length();
          }
        }
      }
      cut.add(piece.substring(from));
    }
    cut.removeIf(String::isEmpty);
    return cut;
  }

  static String sources(List<CompletionPart> parts) {
    StringBuilder all = new StringBuilder();
    parts.forEach(part -> all.append(part.source()));
    return all.toString();
  }

  /**
   * Text in quotes, reasoning with a question mark in front, a whole call as its name and its
   * arguments, a broken one with an exclamation mark behind, what is malformed with its fault.
   */
  static String notation(List<CompletionPart> parts) {
    List<String> shown = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    String kind = "";
    StringBuilder call = null;
    String arguments = "";
    for (CompletionPart part : parts) {
      String next =
          switch (part) {
            case CompletionPart.Text _ -> "";
            case CompletionPart.Reasoning _ -> "?";
            case CompletionPart.Malformed(_, var fault) -> fault.name();
            default -> "-";
          };
      if (!next.equals(kind) && !text.isEmpty()) {
        shown.add(kind + "'" + text + "'");
        text.setLength(0);
      }
      kind = next;
      switch (part) {
        case CompletionPart.Text(var more) -> text.append(more);
        case CompletionPart.Reasoning(var more) -> text.append(more);
        case CompletionPart.CallStart(var name, var id, _) -> {
          assertThat(call).as("one call at a time").isNull();
          call = new StringBuilder(name + (id == null ? "" : "#" + id));
          arguments = "";
        }
        case CompletionPart.Arguments(var json, _) -> arguments += json;
        case CompletionPart.CallEnd _ -> {
          shown.add(call + object(arguments).toString());
          call = null;
        }
        case CompletionPart.Malformed(var more, var fault) -> {
          if (call != null) {
            shown.add(call + arguments + "!");
            call = null;
          }
          text.append(more);
          if (more.isEmpty()) {
            shown.add(fault.name());
          }
        }
        case CompletionPart.Syntax _ -> {}
      }
    }
    assertThat(call).as("every call ends or is malformed").isNull();
    if (!text.isEmpty()) {
      shown.add(kind + "'" + text + "'");
    }
    return String.join(" ", shown);
  }

  private static ObjectNode object(String json) {
    try {
      return (ObjectNode) JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + json, e);
    }
  }
}
