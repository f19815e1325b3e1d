package dev.outcrop.models.completion;

import java.util.List;
import java.util.Set;

/** No calls: everything is text, at once. */
final class PlainMachine implements Machine {
  private final Parts out;

  PlainMachine(Parts out) {
    this.out = out;
  }

  @Override
  public Set<String> vocabulary() {
    return Set.of();
  }

  @Override
  public List<String> markers() {
    return List.of();
  }

  @Override
  public void character(char c) {
    out.text(c);
  }

  @Override
  public void marker(String marker) {
    out.text(marker);
  }

  @Override
  public void end() {}
}
