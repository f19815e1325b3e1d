package dev.outcrop.serving.auth;

/** Whose request it is. */
public sealed interface Caller {
  /** The name that usage and fairness are counted under. */
  String tenant();

  /** The tenant's share, at least 1. */
  int weight();

  /** Anybody who reaches a server without a key file; such a server binds loopback only. */
  record Anonymous() implements Caller {
    @Override
    public String tenant() {
      return "local";
    }

    @Override
    public int weight() {
      return 1;
    }
  }

  /** The holder of a key. */
  record Tenant(String tenant, int weight) implements Caller {}
}
