package dev.outcrop.models.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** Python's strftime in the C locale. */
final class Strftime {
  private Strftime() {}

  static String format(String format, Clock clock) {
    ZonedDateTime now = ZonedDateTime.now(clock);
    var out = new StringBuilder();
    for (int at = 0; at < format.length(); at++) {
      char c = format.charAt(at);
      if (c != '%' || at + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char directive = format.charAt(++at);
      boolean bare = directive == '-' && at + 1 < format.length();
      if (bare) {
        directive = format.charAt(++at);
      }
      String text = directive(directive, now);
      out.append(bare && text.matches("[ 0]\\d+") ? text.substring(1) : text);
    }
    return out.toString();
  }

  private static String directive(char directive, ZonedDateTime now) {
    return switch (directive) {
      case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'd' -> two(now.getDayOfMonth());
      case 'e' -> "%2d".formatted(now.getDayOfMonth());
      case 'm' -> two(now.getMonthValue());
      case 'y' -> two(now.getYear() % 100);
      case 'Y' -> Integer.toString(now.getYear());
      case 'H' -> two(now.getHour());
      case 'I' -> two(now.get(ChronoField.CLOCK_HOUR_OF_AMPM));
      case 'p' -> now.getHour() < 12 ? "AM" : "PM";
      case 'M' -> two(now.getMinute());
      case 'S' -> two(now.getSecond());
      case 'f' -> "%06d".formatted(now.getNano() / 1000);
      case 'j' -> "%03d".formatted(now.getDayOfYear());
      case 'u' -> Integer.toString(now.getDayOfWeek().getValue());
      case 'w' -> Integer.toString(now.getDayOfWeek().getValue() % 7);
      case 'V' -> two(now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'G' -> Integer.toString(now.get(IsoFields.WEEK_BASED_YEAR));
      case 'D' -> directive('m', now) + "/" + directive('d', now) + "/" + directive('y', now);
      case 'F' -> now.getYear() + "-" + directive('m', now) + "-" + directive('d', now);
      case 'R' -> directive('H', now) + ":" + directive('M', now);
      case 'T', 'X' -> directive('R', now) + ":" + directive('S', now);
      case 'x' -> directive('D', now);
      case 'c' ->
          "%s %s %s %s %d"
              .formatted(
                  directive('a', now),
                  directive('b', now),
                  directive('e', now),
                  directive('T', now),
                  now.getYear());
      // Python's datetime.now() knows no zone, so these are empty.
      case 'z', 'Z' -> "";
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> throw new Failure("'strftime_now' does not know a directive of its format");
    };
  }

  private static String two(int number) {
    return "%02d".formatted(number);
  }
}
