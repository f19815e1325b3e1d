package dev.outcrop.serving.embed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How well a document answers a query.
 *
 * @param index which document, from 0
 * @param score from 0 to 1
 */
public record Scored(int index, float score) {
  /**
   * The best first; of equals the earlier.
   *
   * @param logits what a reranker said about each document
   */
  public static List<Scored> ranked(List<float[]> logits) {
    List<Scored> ranked = new ArrayList<>(logits.size());
    for (int i = 0; i < logits.size(); i++) {
      ranked.add(new Scored(i, (float) (1 / (1 + Math.exp(-logits.get(i)[0])))));
    }
    ranked.sort(Comparator.comparingDouble(each -> -logits.get(each.index())[0]));
    return ranked;
  }
}
