package dev.outcrop.models.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names of one block, inside those of the blocks around it. */
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Value> names = new HashMap<>();

  Scope(@Nullable Scope outer) {
    this.outer = outer;
  }

  void set(String name, Value value) {
    names.put(name, value);
  }

  /** What it takes to keep this block and those around it, in bytes; what macros do. */
  long memory() {
    long memory = 0;
    for (Scope scope = this; scope != null; scope = scope.outer) {
      memory += Budget.SCOPE + (long) scope.names.size() * Budget.ENTRY;
    }
    return memory;
  }

  @Nullable Value find(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Value value = scope.names.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }
}
