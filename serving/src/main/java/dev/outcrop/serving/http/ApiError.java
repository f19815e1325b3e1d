package dev.outcrop.serving.http;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.AuthResult;
import dev.outcrop.serving.error.ServingError;
import java.time.Duration;

/**
 * An error in the words of the Bedrock API (restJson1): status, shape and message.
 *
 * @param status the HTTP status
 * @param type the shape, as {@code x-amzn-ErrorType} names it
 * @param message what the client sees
 * @param retryAfter when another try may help; zero where it never does
 */
public record ApiError(int status, String type, String message, Duration retryAfter) {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final String ACCESS_DENIED = "AccessDeniedException";

  /** How the message of a completion that cannot fit begins. */
  static final String TOO_MANY =
      "The maximum tokens you requested exceeds the model limit. Try again with a lower value: ";

  /** How the message of a prompt that cannot fit begins. */
  static final String TOO_LONG = "Input is too long for requested model. ";

  /** An error that another try does not help. */
  public ApiError(int status, String type, String message) {
    this(status, type, message, Duration.ZERO);
  }

  /** The error that an exception stands for. Only messages that are safe to show pass. */
  public static ApiError of(OutcropException e) {
    return of(e.code(), e.getMessage() == null ? "" : e.getMessage());
  }

  private static ApiError of(ErrorCode code, String message) {
    if (code instanceof ServingError error) {
      return of(error, message);
    }
    if (code == ModelError.ENGINE_DEAD) {
      return unavailable();
    }
    return switch (code.type()) {
      case USER -> validation(message);
      case CAPACITY -> throttled(message, SOON);
      case CANCELLED -> unavailable();
      case INTERNAL -> internal();
    };
  }

  private static ApiError of(ServingError error, String message) {
    return switch (error) {
      case REQUEST_INVALID, REQUEST_UNSUPPORTED, MODEL_ID_INVALID -> validation(message);
      case INPUT_TOO_LONG -> validation(TOO_LONG + message);
      case MODEL_UNKNOWN -> new ApiError(404, "ResourceNotFoundException", message);
      case OPERATION_UNKNOWN -> new ApiError(404, "UnknownOperationException", message);
      case MODEL_DENIED -> new ApiError(403, ACCESS_DENIED, message);
      case BODY_TOO_LARGE -> new ApiError(413, "ValidationException", message);
      case BODY_TOO_SLOW -> new ApiError(408, "RequestTimeoutException", message, SOON);
      case OVERLOADED -> throttled(message, SOON);
      case DRAINING ->
          new ApiError(503, "ServiceUnavailableException", message, Duration.ofSeconds(1));
      case MODEL_DEAD -> unavailable();
      case CLIENT_GONE, CONFIG_INVALID, START_FAILED -> internal();
    };
  }

  /** The error that a refused submit stands for. */
  public static ApiError of(SubmitResult.Reason reason, String message, Duration retryAfter) {
    return switch (reason) {
      case NEVER_FITS -> validation(TOO_LONG + message);
      case COMPLETION_NEVER_FITS -> validation(TOO_MANY + message);
      case OVERLOADED, TENANT_QUOTA, TOO_LATE ->
          throttled(message, retryAfter.isPositive() ? retryAfter : SOON);
      case DRAINING -> of(ServingError.DRAINING, "The server is shutting down.");
      case UNAVAILABLE -> unavailable();
    };
  }

  /** The error that denied credentials stand for. */
  public static ApiError of(AuthResult.Denied denied) {
    String type =
        switch (denied.reason()) {
          case MISSING -> "MissingAuthenticationTokenException";
          case UNKNOWN_KEY, EXPIRED_KEY, NOT_CONFIGURED -> ACCESS_DENIED;
          case UNKNOWN_ACCESS_KEY -> "UnrecognizedClientException";
          case EXPIRED_ACCESS_KEY -> "ExpiredTokenException";
          case INCOMPLETE_SIGNATURE -> "IncompleteSignatureException";
          case WRONG_SIGNATURE -> "InvalidSignatureException";
        };
    return new ApiError(403, type, denied.message());
  }

  /** A request that can never work. */
  public static ApiError validation(String message) {
    return new ApiError(400, "ValidationException", message);
  }

  /** Too much to do right now. */
  public static ApiError throttled(String message, Duration retryAfter) {
    return new ApiError(429, "ThrottlingException", message, retryAfter);
  }

  /** A fault of ours; what it was stays in the log. */
  public static ApiError internal() {
    return new ApiError(
        500,
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.");
  }

  private static ApiError unavailable() {
    return new ApiError(
        503, "ServiceUnavailableException", "The model is not available right now.", SOON);
  }
}
