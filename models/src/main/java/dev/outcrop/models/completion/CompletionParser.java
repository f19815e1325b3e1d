package dev.outcrop.models.completion;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes a completion apart as it comes: text, reasoning and tool calls. The parts do not depend on
 * how the completion was cut, but for where neighbours of one kind are split. What is held back is
 * bounded: the start of a marker, the head of a call, some white space. For one completion and one
 * thread.
 */
public final class CompletionParser {
  private final Parts out;
  private final Machine machine;
  private final Set<String> vocabulary;
  private final Set<String> special = new HashSet<>();
  private final StringBuilder held = new StringBuilder();
  private String highSurrogate = "";

  CompletionParser(Parts out, Machine machine, Predicate<String> isSpecial) {
    this.out = out;
    this.machine = machine;
    vocabulary = machine.vocabulary();
    for (String marker : vocabulary) {
      if (isSpecial.test(marker)) {
        special.add(marker);
      }
    }
  }

  /** Takes more text; gives the parts that are certain now. */
  public List<CompletionPart> accept(String text) {
    String all = highSurrogate + text;
    int end = all.length();
    // No part ends within a pair of surrogates.
    if (end > 0 && Character.isHighSurrogate(all.charAt(end - 1))) {
      end--;
    }
    highSurrogate = all.substring(end);
    for (int i = 0; i < end; i++) {
      character(all.charAt(i));
    }
    return out.take();
  }

  /** Whether a special token means something here; others are of no interest. */
  public boolean isMarker(String token) {
    return special.contains(token);
  }

  /** Takes a special token that {@link #isMarker is a marker}. */
  public List<CompletionPart> marker(String token) {
    if (!isMarker(token)) {
      throw new IllegalArgumentException("not a marker of this format");
    }
    release();
    machine.marker(token);
    return out.take();
  }

  /** Ends the completion; gives what was held back. */
  public List<CompletionPart> finish() {
    release();
    machine.end();
    return out.take();
  }

  private void character(char c) {
    held.append(c);
    while (!held.isEmpty()) {
      String marker = begun();
      if (marker == null) {
        shift();
      } else if (marker.length() == held.length()) {
        held.setLength(0);
        machine.marker(marker);
      } else {
        return;
      }
    }
  }

  /** The marker that the held characters are the start of. */
  private @Nullable String begun() {
    for (String marker : machine.markers()) {
      if (marker.length() >= held.length()
          && marker.charAt(0) == held.charAt(0)
          && marker.startsWith(held.toString())
          && !special.contains(marker)) {
        return marker;
      }
    }
    return null;
  }

  private void shift() {
    char first = held.charAt(0);
    held.deleteCharAt(0);
    machine.character(first);
  }

  /** What is held is no marker. */
  private void release() {
    held.append(highSurrogate);
    highSurrogate = "";
    while (!held.isEmpty()) {
      shift();
    }
  }
}
