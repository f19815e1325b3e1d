package dev.outcrop.models.grammar;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The formats of JSON Schema 2020-12 (section 7.3) that can be enforced, each as an expression for
 * a part of what it allows: nothing that a strict reader would refuse.
 */
final class Formats {
  private static final String DATE =
      "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
          + "|02-(0[1-9]|1[0-9]|2[0-8]))"
          + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?"
          + "(Z|[+-](0[0-9]|1[0-7]):[0-5][0-9])";
  private static final String LABEL = "[A-Za-z0-9](-?[A-Za-z0-9]){0,30}";
  private static final String HOST = LABEL + "(\\." + LABEL + "){0,2}";
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String IPV4 = OCTET + "(\\." + OCTET + "){3}";
  private static final String GROUP = "[0-9A-Fa-f]{1,4}";
  private static final String PATH_CHARACTER = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
  private static final String N = "[0-9]{1,9}";
  private static final String CLOCK =
      "T(" + N + "H(" + N + "M(" + N + "S)?)?|" + N + "M(" + N + "S)?|" + N + "S)";
  private static final String PERIOD =
      "(" + N + "Y(" + N + "M(" + N + "D)?)?|" + N + "M(" + N + "D)?|" + N + "D)";

  private static final Map<String, String> PATTERNS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", TIME),
          Map.entry("date-time", DATE + "T" + TIME),
          Map.entry("duration", "P(" + N + "W|" + PERIOD + "(" + CLOCK + ")?|" + CLOCK + ")"),
          Map.entry(
              "email",
              "[A-Za-z0-9_+-]{1,20}(\\.[A-Za-z0-9_+-]{1,20}){0,2}@"
                  + LABEL
                  + "(\\."
                  + LABEL
                  + "){0,1}\\.[A-Za-z]{2,20}"),
          Map.entry("hostname", HOST),
          Map.entry("ipv4", IPV4),
          Map.entry("ipv6", ipv6()),
          Map.entry("uuid", "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
          Map.entry(
              "uri",
              "[A-Za-z][A-Za-z0-9+.-]{0,15}://"
                  + HOST
                  + "(:[0-9]{1,5})?(/"
                  + PATH_CHARACTER
                  + "*)*(\\?("
                  + PATH_CHARACTER
                  + "|[/?])*)?(#("
                  + PATH_CHARACTER
                  + "|[/?])*)?"));

  /** Names that say how a value is shown or stored, and nothing about which text it is. */
  private static final Set<String> ANNOTATIONS =
      Set.of("password", "binary", "byte", "float", "double", "int32", "int64");

  private Formats() {}

  /** The whole of a format's texts, or nothing where the format cannot be enforced. */
  static Optional<Regex> of(String name) {
    return Optional.ofNullable(PATTERNS.get(name)).map(RegexReader::read);
  }

  /** Whether a format says nothing about the text. */
  static boolean isAnnotation(String name) {
    return ANNOTATIONS.contains(name);
  }

  private static String ipv6() {
    StringBuilder all = new StringBuilder("((" + GROUP + ":){7}" + GROUP);
    for (int before = 0; before <= 6; before++) {
      // "::" stands for one group at least
      String left = before == 0 ? "" : "(" + GROUP + ":){" + (before - 1) + "}" + GROUP;
      int after = 7 - before - 1;
      String right = after == 0 ? "" : "(" + GROUP + "(:" + GROUP + "){0," + (after - 1) + "})?";
      all.append('|').append(left).append("::").append(right);
    }
    return all.append(")").toString();
  }
}
