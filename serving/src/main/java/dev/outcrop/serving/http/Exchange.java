package dev.outcrop.serving.http;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.transport.ClientWatch;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request, let in and read in full, and its answer. Used on the request's thread. It came over
 * HTTP, or from within the process as a {@link LocalExchange}.
 */
public abstract sealed class Exchange permits HttpExchange, LocalExchange {
  private final String id;
  private final long arrivedNanos;
  private final String operation;
  private final Caller caller;
  private final byte[] body;
  private String feature = "";
  private @Nullable String error;
  private @Nullable String model;
  private boolean answered;

  Exchange(String id, long arrivedNanos, String operation, Caller caller, byte[] body) {
    this.id = id;
    this.arrivedNanos = arrivedNanos;
    this.operation = operation;
    this.caller = caller;
    this.body = body;
  }

  /** The request's id, as the response's {@code x-amzn-RequestId} has it. */
  public final String id() {
    return id;
  }

  /** When the request arrived, by {@link System#nanoTime}. */
  public final long arrivedNanos() {
    return arrivedNanos;
  }

  /** Whose request it is. */
  public final Caller caller() {
    return caller;
  }

  /** What the request is counted under. */
  public final Purpose purpose() {
    return new Purpose(operation, feature);
  }

  /** Notes what the caller says that the request belongs to. */
  public final void feature(String said) {
    this.feature = said;
  }

  /** Notes that the answer, though it was begun, ends with an error. */
  public final void broke(ApiError with) {
    this.error = with.type();
  }

  /** The name of the error that the request ended with, null where there was none. */
  final @Nullable String error() {
    return error;
  }

  /** The request's body. */
  public final byte[] body() {
    return body;
  }

  /** A header's value, or null. */
  public abstract @Nullable String header(String name);

  /** A query parameter's first value, decoded, or null. */
  public abstract @Nullable String query(String name);

  /**
   * Notes which model the request is for. Every operation on a model says it here as soon as it
   * knows, before anything is done with the model.
   *
   * @throws OutcropException where the caller may not call it
   */
  public final void model(String servedId) {
    this.model = servedId;
    if (!caller.mayCall(servedId)) {
      throw new OutcropException(
          ServingError.MODEL_DENIED,
          "You don't have access to the model with the specified model ID.");
    }
  }

  final @Nullable String model() {
    return model;
  }

  /** Whether an answer was begun. */
  final boolean answered() {
    return answered;
  }

  /** Begins to watch whether the client is still there. */
  public abstract ClientWatch watchClient();

  /** Answers with JSON. */
  public final void send(byte[] json, Map<String, String> headers) {
    answered = true;
    write(json, headers);
  }

  /** Answers with an error. */
  public final void fail(ApiError with) {
    answered = true;
    error = with.type();
    write(with);
  }

  /** Answers with a stream; the status is sent with its first bytes. */
  public final ResponseStream stream(String contentType, Map<String, String> headers) {
    answered = true;
    return open(contentType, headers);
  }

  abstract void write(byte[] json, Map<String, String> headers);

  abstract void write(ApiError error);

  abstract ResponseStream open(String contentType, Map<String, String> headers);
}
