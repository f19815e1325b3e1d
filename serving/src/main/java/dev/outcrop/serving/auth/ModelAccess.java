package dev.outcrop.serving.auth;

import java.util.List;

/** The models that somebody may call, by the ids that the operator chose. */
public final class ModelAccess {
  private final List<String> patterns;

  /** Those that match one of some texts, in which {@code *} stands for any text. */
  public ModelAccess(List<String> patterns) {
    this.patterns = List.copyOf(patterns);
  }

  /** Whether a model may be called. */
  public boolean allows(String id) {
    return patterns.stream().anyMatch(pattern -> matches(pattern, id));
  }

  /** Matches greedily from the left, in time that grows with the two lengths only. */
  private static boolean matches(String pattern, String id) {
    String[] parts = pattern.split("\\*", -1);
    if (parts.length == 1) {
      return pattern.equals(id);
    }
    String first = parts[0];
    String last = parts[parts.length - 1];
    if (id.length() < first.length() + last.length()
        || !id.startsWith(first)
        || !id.endsWith(last)) {
      return false;
    }
    int at = first.length();
    int end = id.length() - last.length();
    for (int i = 1; i < parts.length - 1; i++) {
      int found = id.indexOf(parts[i], at);
      if (found < 0 || found + parts[i].length() > end) {
        return false;
      }
      at = found + parts[i].length();
    }
    return true;
  }
}
