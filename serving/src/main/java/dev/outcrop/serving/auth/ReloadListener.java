package dev.outcrop.serving.auth;

/** Told about the file of credentials. Must be quick and must not throw. */
public interface ReloadListener {
  /**
   * A change of the file was looked at.
   *
   * @param taken whether it is in force now
   */
  void reloaded(boolean taken);

  /** So many replicas share the quotas from now on. */
  default void shared(int replicas) {}
}
