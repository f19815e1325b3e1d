package dev.outcrop.models.completion;

import java.util.List;
import java.util.Set;

/**
 * The grammar of one format, fed character by character. Markers are the format's fixed words; one
 * comes as a special token, or as text where the grammar looks for it. For one thread.
 */
interface Machine {
  /** All markers of the format. */
  Set<String> vocabulary();

  /** The markers that may be text at this place; none is the start of another. */
  List<String> markers();

  /** The next character, which is not part of a marker. */
  void character(char c);

  /** A marker; as a special token it may come at any place. */
  void marker(String marker);

  /** The completion is over. */
  void end();
}
