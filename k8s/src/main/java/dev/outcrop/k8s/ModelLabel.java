package dev.outcrop.k8s;

import java.util.regex.Pattern;

/** The label by which selectors of the external metrics API tell models apart. */
public final class ModelLabel {
  private static final int LONGEST = 63;
  private static final Pattern NO_LABEL = Pattern.compile("[^-A-Za-z0-9_.]");
  private static final Pattern NO_EDGE = Pattern.compile("^[-_.]+|[-_.]+$");

  private ModelLabel() {}

  /**
   * A model's id as the value of a label, which may have no colon and no slash: other characters
   * become hyphens, and what is too long is cut. Two ids may come out the same.
   */
  public static String of(String model) {
    String clean = NO_LABEL.matcher(model).replaceAll("-");
    String cut = clean.length() > LONGEST ? clean.substring(0, LONGEST) : clean;
    return NO_EDGE.matcher(cut).replaceAll("");
  }
}
