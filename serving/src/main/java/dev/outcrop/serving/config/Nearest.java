package dev.outcrop.serving.config;

import java.util.Comparator;
import java.util.List;

/** The known word that a mistyped one is nearest to, by edit distance (Levenshtein). */
final class Nearest {
  private Nearest() {}

  static String of(String word, List<String> known) {
    return known.stream().min(Comparator.comparingInt(other -> distance(word, other))).orElse("");
  }

  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
