package dev.outcrop.k8s.external;

import java.util.LinkedHashMap;
import java.util.Map;

/** JSON objects whose members keep their order. */
final class Json {
  private Json() {}

  /** An object of names and values by turns. */
  static Map<String, Object> object(Object... namesAndValues) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      object.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return object;
  }
}
