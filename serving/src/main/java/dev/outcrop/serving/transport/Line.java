package dev.outcrop.serving.transport;

import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One connection: how long its client keeps threads of ours waiting, and how to end that. The
 * threads of the connection write it down, the {@link Watchdog} looks at it.
 */
final class Line {
  /** How long an answer that left a body unread may wait for its client to read it. */
  private static final long LINGER = TimeUnit.SECONDS.toNanos(2);

  private static final long NOT_WAITING = 0;

  private final HelidonSocket socket;
  private final LongSupplier nanoTime;
  private final Set<Reading> readings = ConcurrentHashMap.newKeySet();
  private final Set<Sending> sendings = ConcurrentHashMap.newKeySet();
  private final AtomicInteger requests = new AtomicInteger();

  /** Held while bytes are written: a thread that is interrupted meanwhile closes the socket. */
  private final ReentrantLock writes = new ReentrantLock();

  private volatile long requestsChanged;
  private volatile long requestSince;
  private volatile long writeSince = NOT_WAITING;
  private volatile long lingerSince = NOT_WAITING;
  private volatile boolean over;
  private volatile @Nullable ConnectionWatch watch;
  private volatile @Nullable ServerConnection connection;
  private volatile @Nullable ConnectionEnd end;
  private final long bornNanos;
  private final long ageNanos;
  private volatile boolean retired;

  /**
   * A connection that was accepted and has sent nothing yet.
   *
   * @param ageNanos when it is to end; zero for never
   */
  Line(HelidonSocket socket, LongSupplier nanoTime, long ageNanos) {
    this.socket = socket;
    this.nanoTime = nanoTime;
    this.requestSince = now();
    this.bornNanos = requestSince;
    this.ageNanos = ageNanos;
  }

  /** Its protocol is known. */
  void established(ConnectionWatch client, ServerConnection protocol, ConnectionEnd itsEnd) {
    watch = client;
    connection = protocol;
    end = itsEnd;
    if (retired) {
      itsEnd.retire(now());
    }
  }

  /** It is to end from now on, when what is open on it has. From any thread. */
  void retire() {
    retired = true;
    ConnectionEnd known = end;
    if (known != null) {
      known.retire(now());
    }
  }

  /** Retires it where it has come of age, and does what is due then. */
  void age() {
    long now = now();
    ConnectionEnd known = end;
    if (known == null) {
      return;
    }
    if (ageNanos > 0 && !retired && now - bornNanos > ageNanos) {
      retire();
    }
    known.look(now);
  }

  /** For how long no request has been in; zero where one is. */
  long idleNanos(long now) {
    long changed = requestsChanged;
    return requests.get() > 0 || requestSince != NOT_WAITING
        ? 0
        : now - (changed == NOT_WAITING ? bornNanos : changed);
  }

  /** Whether no request is open, as Helidon sees it. */
  boolean quiet() {
    return connection instanceof InterruptableTask<?> task && task.canInterrupt();
  }

  boolean established() {
    return connection != null;
  }

  @Nullable ConnectionWatch watch() {
    return watch;
  }

  /** The first bytes of a request are there; more of it is awaited. */
  void requestBegan() {
    if (requestSince == NOT_WAITING) {
      requestSince = now();
    }
  }

  /** Nothing more is awaited of a request. */
  void requestArrived() {
    requestSince = NOT_WAITING;
  }

  /** One thread writes, until {@link #written}. */
  void writing() {
    writes.lock();
    writeSince = now();
  }

  void written() {
    writeSince = NOT_WAITING;
    writes.unlock();
  }

  /**
   * A request's thread begins with it.
   *
   * @return whether the answer has to say that it is the connection's last
   */
  boolean begun() {
    long now = now();
    requestsChanged = now;
    requests.incrementAndGet();
    ConnectionEnd known = end;
    return known != null && known.begun(now);
  }

  /** A request's thread is done with it. */
  void over(int requestId) {
    requestsChanged = now();
    requests.decrementAndGet();
    ConnectionWatch client = watch;
    if (client != null) {
      client.over(requestId);
    }
  }

  void lingering() {
    lingerSince = now();
  }

  /** The request that is being read is the last one; on its thread. */
  void last() {
    ServerConnection protocol = connection;
    if (protocol != null) {
      protocol.close(false);
    }
  }

  /**
   * This thread begins to read a body.
   *
   * @param patient whether it goes on where the body is late
   */
  Reading read(boolean patient) {
    Reading reading = new Reading(this, Thread.currentThread(), now(), patient);
    readings.add(reading);
    if (over) {
      reading.wake();
    }
    return reading;
  }

  void ended(Reading reading) {
    readings.remove(reading);
    requestArrived();
  }

  /** This thread begins to write to a client. */
  Sending send(ClientWatch client) {
    Sending sending = new Sending(this, Thread.currentThread(), client);
    sendings.add(sending);
    if (over) {
      sending.giveUp();
    }
    return sending;
  }

  void ended(Sending sending) {
    sendings.remove(sending);
  }

  boolean over() {
    return over;
  }

  /**
   * Whether the client took longer for something than it may, and the connection is good for
   * nothing else. Late bodies of some HTTP/2 streams are no reason to end the others.
   */
  boolean overdue(Duration request, Duration write) {
    long now = nanoTime.getAsLong();
    long requestLimit = TimeUnit.NANOSECONDS.convert(request);
    return longer(requestSince, now, requestLimit)
        || longer(writeSince, now, TimeUnit.NANOSECONDS.convert(write))
        || longer(lingerSince, now, LINGER)
        || allLate(now, requestLimit);
  }

  /** The end of an answer is written a moment after its request is over, and read later still. */
  private boolean allLate(long now, long limit) {
    long late = late(now, limit).count();
    return late > 0 && late >= requests.get() && longer(requestsChanged, now, LINGER);
  }

  private Stream<Reading> late(long now, long limit) {
    return readings.stream().filter(reading -> longer(reading.sinceNanos(), now, limit));
  }

  /**
   * Wakes the threads whose bodies are late, and those whose clients take no answer any more. Where
   * somebody writes, the next look does.
   */
  void giveUp(Duration request) {
    if ((readings.isEmpty() && sendings.isEmpty()) || !writes.tryLock()) {
      return;
    }
    try {
      late(nanoTime.getAsLong(), TimeUnit.NANOSECONDS.convert(request)).forEach(Reading::giveUp);
      sendings.stream().filter(Sending::gone).forEach(Sending::giveUp);
    } finally {
      writes.unlock();
    }
  }

  /** Ends the connection, whatever its threads wait for. From any thread. */
  void hangUp() {
    end();
    try {
      socket.close();
    } catch (RuntimeException e) {
      // It is closed already, which is all that is wanted.
    }
    ServerConnection protocol = connection;
    if (protocol != null) {
      protocol.close(true);
    }
  }

  /** The connection is over; wakes who still waits for a body, or for room to answer. */
  void end() {
    over = true;
    ConnectionWatch client = watch;
    if (client != null) {
      client.ended();
    }
    readings.forEach(Reading::wake);
    sendings.forEach(Sending::giveUp);
  }

  private long now() {
    long now = nanoTime.getAsLong();
    return now == NOT_WAITING ? 1 : now;
  }

  private static boolean longer(long since, long now, long limit) {
    return since != NOT_WAITING && now - since > limit;
  }
}
