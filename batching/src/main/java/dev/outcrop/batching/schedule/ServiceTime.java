package dev.outcrop.batching.schedule;

/** Engine time that a flow had, in nanoseconds. The engine thread writes, others read. */
public final class ServiceTime {
  private volatile long prompt;
  private volatile long completion;

  ServiceTime() {}

  /** Engine thread: time of a row that ran a part of a prompt. */
  public void ranPrompt(long nanos) {
    long before = prompt; // nobody else writes
    prompt = before + nanos;
  }

  /** Engine thread: time of a row that generated. */
  public void generated(long nanos) {
    long before = completion;
    completion = before + nanos;
  }

  /** Nanoseconds for prompts. */
  public long promptNanos() {
    return prompt;
  }

  /** Nanoseconds for what was generated. */
  public long completionNanos() {
    return completion;
  }
}
