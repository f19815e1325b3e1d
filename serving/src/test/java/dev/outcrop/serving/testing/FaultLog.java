package dev.outcrop.serving.testing;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Warnings and errors that anybody logs while it is open. */
public final class FaultLog extends Handler implements AutoCloseable {
  private final StringBuffer log = new StringBuffer();

  public FaultLog() {
    Logger.getLogger("").addHandler(this);
  }

  @Override
  public void publish(LogRecord entry) {
    if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
      log.append(new SimpleFormatter().formatMessage(entry)).append('\n');
    }
  }

  @Override
  public String toString() {
    return log.toString();
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    Logger.getLogger("").removeHandler(this);
  }
}
