package dev.outcrop.batching.schedule;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Engine time that a flow had, in nanoseconds. The engine thread writes, others read. With one
 * writer, who adds for each run of rows, a release is enough: a volatile store would wait each time
 * until all others see it.
 */
public final class ServiceTime {
  private static final VarHandle PROMPT = field("prompt");
  private static final VarHandle COMPLETION = field("completion");

  private long prompt;
  private long completion;

  ServiceTime() {}

  private static VarHandle field(String name) {
    try {
      return MethodHandles.lookup().findVarHandle(ServiceTime.class, name, long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Engine thread: time of rows that ran parts of prompts. */
  public void ranPrompt(long nanos) {
    PROMPT.setRelease(this, prompt + nanos);
  }

  /** Engine thread: time of rows that generated. */
  public void generated(long nanos) {
    COMPLETION.setRelease(this, completion + nanos);
  }

  /** Nanoseconds for prompts. */
  public long promptNanos() {
    return (long) PROMPT.getAcquire(this);
  }

  /** Nanoseconds for what was generated. */
  public long completionNanos() {
    return (long) COMPLETION.getAcquire(this);
  }
}
