package dev.outcrop.serving.transport;

/** Memory that is given away byte by byte and never overdrawn. Safe to use from any thread. */
public final class ByteBudget {
  private final long bytes;
  private long taken;

  /** Creates a budget of so many bytes. */
  public ByteBudget(long bytes) {
    this.bytes = bytes;
  }

  /** A share of it that holds nothing yet. */
  public Hold hold() {
    return new Hold();
  }

  /** Bytes in all. */
  public long bytes() {
    return bytes;
  }

  /** Bytes that are held. */
  public synchronized long taken() {
    return taken;
  }

  private synchronized boolean take(long more) {
    if (more > bytes - taken) {
      return false;
    }
    taken += more;
    return true;
  }

  /** What one owner holds. */
  public final class Hold implements AutoCloseable {
    private long held;
    private boolean closed;

    private Hold() {}

    /**
     * Holds so many bytes from now on.
     *
     * @return false, and nothing changes, where the budget does not have them
     */
    public synchronized boolean resize(long size) {
      if (closed || !take(size - held)) {
        return false;
      }
      held = size;
      return true;
    }

    /** Gives everything back, for good. */
    @Override
    public synchronized void close() {
      resize(0);
      closed = true;
    }
  }
}
