package dev.outcrop.bench.load;

import dev.outcrop.bench.endpoint.Target;
import dev.outcrop.bench.scenario.Extent;
import dev.outcrop.bench.scenario.Gaps;
import dev.outcrop.bench.scenario.Message;
import dev.outcrop.bench.scenario.Question;
import dev.outcrop.bench.scenario.Recording;
import dev.outcrop.bench.scenario.Scenario;
import dev.outcrop.bench.scenario.Session;
import dev.outcrop.bench.scenario.Sessions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;

/**
 * Sends the requests of one repeat of a point and measures them.
 *
 * <p>In an open loop one thread keeps the clock. When a session is due it gets a virtual thread and
 * a connection of its own, however many others still wait, and its times count from when it was
 * due: so a server that is too slow shows as waiting time and not as fewer requests (coordinated
 * omission). In a closed loop every user has a virtual thread and asks when the answer before is
 * there.
 */
final class PointRun {
  private static final double NANOS = 1e9;
  private static final long NOT_YET = Long.MAX_VALUE;

  /** How long a user waits who got no answer, so that a dead server is not asked without end. */
  private static final long AFTER_A_FAILURE = 100_000_000;

  private final Target target;
  private final Scenario scenario;
  private final Point point;
  private final Sessions sessions;
  private final List<Recording> trace;
  private final long seed;
  private final Measure measure;
  private final Flight flight;
  private final long begin;
  private final AtomicInteger counted = new AtomicInteger();

  /** When the extent began, in nanoseconds after the beginning. */
  private final AtomicLong opened = new AtomicLong(NOT_YET);

  /** What is on its way; read by the thread that shows progress. */
  record Flight(AtomicInteger open, AtomicInteger ended, AtomicInteger failed, Fault fault) {
    Flight(Fault fault) {
      this(new AtomicInteger(), new AtomicInteger(), new AtomicInteger(), fault);
    }
  }

  /** Told of every failure, on the thread of the request. */
  interface Fault {
    void because(String reason, String message);
  }

  PointRun(
      Target target,
      Scenario scenario,
      Point point,
      Sessions sessions,
      List<Recording> trace,
      long seed,
      Flight flight) {
    this.target = target;
    this.scenario = scenario;
    this.point = point;
    this.sessions = sessions;
    this.trace = trace;
    this.seed = seed;
    this.flight = flight;
    this.begin = System.nanoTime();
    this.measure = new Measure(scenario.slo(), point instanceof Point.Closed, begin, seed);
    if (scenario.warmup() instanceof Extent.Lasting(var time)) {
      open(time.toNanos());
    }
  }

  /** Runs it to the end of its last request. */
  Measure run() throws InterruptedException {
    try (Watchdog watchdog = new Watchdog();
        ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
      switch (point) {
        case Point.Open(double rate, double burstiness, _) -> {
          SplittableRandom random = new SplittableRandom(seed);
          DoubleSupplier gaps =
              burstiness == 1 ? Gaps.poisson(rate, random) : Gaps.gamma(rate, burstiness, random);
          byTheClock(gaps, Integer.MAX_VALUE, requests, watchdog);
        }
        case Point.Replayed(double speed) ->
            byTheClock(gapsOfTrace(speed), trace.size(), requests, watchdog);
        case Point.Closed(int users) -> byUsers(users, requests, watchdog);
      }
    }
    return measure;
  }

  private DoubleSupplier gapsOfTrace(double speed) {
    AtomicInteger next = new AtomicInteger();
    return () -> {
      int n = next.getAndIncrement();
      return n == 0 ? 0 : (trace.get(n).seconds() - trace.get(n - 1).seconds()) / speed;
    };
  }

  private void byTheClock(
      DoubleSupplier gaps, int most, ExecutorService requests, Watchdog watchdog)
      throws InterruptedException {
    double at = 0;
    for (int n = 0; n < most; n++) {
      at += gaps.getAsDouble();
      long since = (long) (at * NANOS);
      boolean counts = counts(n, since);
      if (isOver(counts, since)) {
        return;
      }
      long due = begin + since;
      Session session = sessions.session(n);
      byte[] body = target.body(question(session, session.turns().getFirst().said(), 0));
      sleepUntil(due);
      requests.execute(() -> converse(session, body, due, counts, watchdog));
    }
  }

  private void byUsers(int users, ExecutorService requests, Watchdog watchdog) {
    AtomicInteger next = new AtomicInteger();
    for (int user = 0; user < users; user++) {
      requests.execute(
          () -> {
            while (true) {
              int n = next.getAndIncrement();
              Session session = sessions.session(n);
              byte[] body = target.body(question(session, session.turns().getFirst().said(), 0));
              long now = System.nanoTime();
              boolean counts = counts(n, now - begin);
              if (isOver(counts, now - begin)) {
                return;
              }
              if (!converse(session, body, now, counts, watchdog)) {
                LockSupport.parkNanos(AFTER_A_FAILURE);
              }
            }
          });
    }
  }

  /** Whether a session that is due so many nanoseconds after the beginning is in the figures. */
  private boolean counts(int n, long since) {
    return switch (scenario.warmup()) {
      case Extent.Requests(int count) -> {
        if (n >= count) {
          open(since);
        }
        yield n >= count;
      }
      case Extent.Lasting(var time) -> since >= time.toNanos();
    };
  }

  /** The first one that counts begins the extent, however long warming up took. */
  private void open(long since) {
    if (opened.compareAndSet(NOT_YET, since)) {
      measure.opens(since);
      if (scenario.extent() instanceof Extent.Lasting(var time)) {
        measure.closes(since + time.toNanos());
      }
    }
  }

  /** Whether a session is one too many; else it is one of those that there may be. */
  private boolean isOver(boolean counts, long since) {
    return switch (scenario.extent()) {
      case Extent.Requests(int most) -> {
        if (!counts) {
          yield false;
        }
        int number = counted.incrementAndGet();
        if (number == most) {
          measure.closes(since);
        }
        yield number > most;
      }
      case Extent.Lasting(var time) -> {
        long from = opened.get();
        yield from != NOT_YET && since - from >= time.toNanos();
      }
    };
  }

  /** Whether a later turn counts: where time says what does, its own time does. */
  private boolean turnCounts(boolean sessionCounts, long since) {
    return switch (scenario.extent()) {
      case Extent.Requests _ -> sessionCounts;
      case Extent.Lasting _ -> opened.get() != NOT_YET && since >= opened.get();
    };
  }

  private static void sleepUntil(long due) throws InterruptedException {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  /** Runs the turns of a session, each with what was said before; tells whether all came whole. */
  private boolean converse(
      Session session, byte[] first, long firstDue, boolean counts, Watchdog watchdog) {
    List<Message> said = new ArrayList<>();
    byte[] body = first;
    long due = firstDue;
    int last = session.turns().size() - 1;
    for (int turn = 0; turn <= last; turn++) {
      said.addAll(session.turns().get(turn).said());
      if (turn > 0) {
        body = target.body(question(session, said, turn));
        due = System.nanoTime() + session.think().toNanos();
        if (scenario.extent() instanceof Extent.Lasting && isOver(counts, due - begin)) {
          return true; // it would drain and not count
        }
        try {
          sleepUntil(due);
        } catch (InterruptedException e) {
          return false;
        }
      }
      boolean inFigures = turn == 0 ? counts : turnCounts(counts, due - begin);
      Attempt attempt = new Attempt(inFigures, due, turn < last);
      ask(attempt, body, watchdog);
      measure.add(attempt);
      if (attempt.failure() != null) {
        return false; // the rest of the conversation has nothing to go on with
      }
      said.add(Message.assistant(attempt.text().isBlank() ? "Yes." : attempt.text()));
    }
    return true;
  }

  private Question question(Session session, List<Message> said, int turn) {
    return new Question(
        session.system(),
        session.tools(),
        said,
        session.turns().get(turn).outputTokens(),
        scenario.temperature(),
        scenario.ignoreEos());
  }

  private void ask(Attempt attempt, byte[] body, Watchdog watchdog) {
    flight.open().incrementAndGet();
    Reason reason = null;
    Watchdog.Watch watch = watchdog.until(attempt.due() + scenario.timeout().toNanos());
    try (watch) {
      attempt.sent(System.nanoTime());
      target.ask(body, attempt);
    } catch (IOException | InterruptedException | RuntimeException e) {
      reason = Reason.of(e);
    }
    String word = reason == null ? null : watch.timedOut() ? "timeout" : reason.word();
    attempt.ended(System.nanoTime(), word);
    flight.open().decrementAndGet();
    flight.ended().incrementAndGet();
    String failure = attempt.failure();
    if (failure != null) {
      flight.failed().incrementAndGet();
      flight.fault().because(failure, reason == null ? "" : reason.message());
    }
  }
}
