package dev.outcrop.serving.batchjobs;

import java.io.IOException;
import java.time.Instant;
import java.util.function.UnaryOperator;

/** A job and its state of the moment. Safe to use from any thread. */
final class Job {
  private final String id;
  private final Owner owner;
  private final JobRequest request;
  private final Instant submitted;
  private final JobStore store;
  private volatile JobState state;

  /** Whose job it is. */
  record Owner(String tenant, int weight) {}

  Job(
      String id,
      Owner owner,
      JobRequest request,
      Instant submitted,
      JobState state,
      JobStore store) {
    this.id = id;
    this.owner = owner;
    this.request = request;
    this.submitted = submitted;
    this.state = state;
    this.store = store;
  }

  String id() {
    return id;
  }

  Owner owner() {
    return owner;
  }

  JobRequest request() {
    return request;
  }

  Instant submitted() {
    return submitted;
  }

  Instant expires() {
    return submitted.plusSeconds(3_600L * request.hours());
  }

  JobState state() {
    return state;
  }

  /** Changes the state where it has not ended, durably before anybody sees it. */
  synchronized void update(UnaryOperator<JobState> change) throws IOException {
    if (!state.status().ended()) {
      JobState next = change.apply(state);
      store.save(id, next);
      state = next;
    }
  }

  /** Changes the numbers, which a restart finds in what is finished. */
  synchronized void count(UnaryOperator<Progress> change) {
    state = state.with(change.apply(state.progress()));
  }
}
