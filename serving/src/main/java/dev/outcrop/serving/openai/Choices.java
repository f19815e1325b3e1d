package dev.outcrop.serving.openai;

import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationEvent;
import dev.outcrop.serving.generate.Outcome;
import dev.outcrop.serving.generate.RunningGeneration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The generations of one request, read as one. The first choice of a prompt starts alone; when it
 * brings something its prompt is in the KV cache, and the others begin from there.
 *
 * <p>Used by the request's thread. Where there are several choices, each is read by a virtual
 * thread of its own, and all of them end with {@link #close}.
 */
final class Choices implements AutoCloseable {
  private final Plan plan;
  private final List<@Nullable RunningGeneration> runs = new ArrayList<>();
  private final Queue<Next> first = new ArrayDeque<>();
  private final BlockingQueue<Got> queue = new LinkedBlockingQueue<>();
  private final List<Thread> readers = new ArrayList<>();

  Choices(Plan plan) {
    this.plan = plan;
    for (int choice = 0; choice < plan.choices(); choice++) {
      runs.add(null);
    }
  }

  /** What a choice brought. */
  record Next(int choice, GenerationEvent event) {}

  /** What a reader hands over. */
  private sealed interface Got {
    record Event(Next next) implements Got {}

    record Fault(RuntimeException fault) implements Got {}
  }

  /** Starts one generation. */
  interface Start {
    Outcome of(Generation generation) throws InterruptedException;
  }

  /** Starts all of them. Where one is refused, that is the answer, and the rest is to be closed. */
  Outcome.@Nullable Refused start(Start start) throws InterruptedException {
    int perPrompt = plan.choicesPerPrompt();
    for (int prompt = 0; prompt < plan.prompts().size(); prompt++) {
      Outcome.Refused refused = start(start, prompt * perPrompt, plan.prompts().get(prompt));
      if (refused != null) {
        return refused;
      }
    }
    for (int prompt = 0; prompt < plan.prompts().size() && perPrompt > 1; prompt++) {
      GenerationEvent event = run(prompt * perPrompt).next();
      first.add(new Next(prompt * perPrompt, event));
      if (event instanceof GenerationEvent.Failed(var error)) {
        throw error;
      }
      for (int i = 1; i < perPrompt; i++) {
        Generation generation = plan.prompts().get(prompt);
        Generation other = generation.withSeed(seed(generation.sampling().seed(), i));
        Outcome.Refused refused = start(start, prompt * perPrompt + i, other);
        if (refused != null) {
          return refused;
        }
      }
    }
    if (runs.size() > 1) {
      for (int choice = 0; choice < runs.size(); choice++) {
        read(choice);
      }
    }
    return null;
  }

  private Outcome.@Nullable Refused start(Start start, int choice, Generation generation)
      throws InterruptedException {
    return switch (start.of(generation)) {
      case Outcome.Refused refused -> refused;
      case Outcome.Running(var run) -> {
        runs.set(choice, run);
        yield null;
      }
    };
  }

  /** The first choice's run, which stands for all in what they have alike. */
  RunningGeneration leader() {
    return run(0);
  }

  /** The next event of whichever choice; blocks until there is one. */
  Next next() throws InterruptedException {
    Next begun = first.poll();
    if (begun != null) {
      return begun;
    }
    if (runs.size() == 1) {
      return new Next(0, run(0).next());
    }
    return switch (queue.take()) {
      case Got.Event(var next) -> next;
      case Got.Fault(var fault) -> throw fault;
    };
  }

  /** Whether another event is there already. */
  boolean ready() {
    return !first.isEmpty() || !queue.isEmpty();
  }

  /** Ends all that still run. */
  @Override
  public void close() {
    readers.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread reader : readers) {
      while (reader.isAlive()) {
        try {
          reader.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    for (RunningGeneration run : runs) {
      if (run != null) {
        run.close();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void read(int choice) {
    boolean over =
        first.stream()
            .anyMatch(n -> n.choice() == choice && n.event() instanceof GenerationEvent.Ended);
    if (!over) {
      readers.add(
          Thread.ofVirtual()
              .name("outcrop-choice-" + choice)
              .start(() -> readToEnd(choice, run(choice))));
    }
  }

  /** Hands over all events, and if the end does not come, what came in its place. */
  private void readToEnd(int choice, RunningGeneration run) {
    Got last = new Got.Fault(new IllegalStateException("the reader of a choice ended"));
    try {
      GenerationEvent event = run.next();
      while (!(event instanceof GenerationEvent.Ended)
          && !(event instanceof GenerationEvent.Failed)) {
        queue.add(new Got.Event(new Next(choice, event)));
        event = run.next();
      }
      last = new Got.Event(new Next(choice, event));
    } catch (InterruptedException e) {
      // The request's thread has given up and does not look any more; it closes the run.
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      last = new Got.Fault(e);
    } finally {
      queue.add(last);
    }
  }

  private RunningGeneration run(int choice) {
    RunningGeneration run = runs.get(choice);
    if (run == null) {
      throw new IllegalStateException("this choice was not started");
    }
    return run;
  }

  /** Another seed for each further choice, far from those that people pick (SplitMix64). */
  private static long seed(long seed, int choice) {
    long z = seed + choice * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
