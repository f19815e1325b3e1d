package dev.outcrop.serving.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.serving.json.Json;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An error in the words of OpenAI's API.
 *
 * @param status the HTTP status
 * @param message what the client sees
 * @param type its kind
 * @param param the member of the body that is wrong, as {@code messages[0].role}, or null
 * @param code its word for programs, or null
 */
public record OpenAiError(
    int status, String message, String type, @Nullable String param, @Nullable String code) {
  private static final String INVALID_REQUEST = "invalid_request_error";
  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;

  /** Denials of the credentials themselves, not of what their holder may do. */
  private static final Set<String> CREDENTIALS =
      Set.of(
          "MissingAuthenticationTokenException",
          "UnrecognizedClientException",
          "IncompleteSignatureException",
          "InvalidSignatureException",
          "ExpiredTokenException");

  /** How the messages of keys begin that are not known, or not any more. */
  private static final List<String> KEYS = List.of("Authentication failed", "Bearer Token");

  /** Messages about a member begin with its path: see {@link dev.outcrop.serving.json.Fields}. */
  private static final Pattern MEMBER =
      Pattern.compile("([a-z_]+(?:\\.[A-Za-z0-9_-]+)*) (?:is|must|needs|has) .*", Pattern.DOTALL);

  private static final Pattern INDEX = Pattern.compile("\\.(\\d+)");

  /** The same error in the words of Bedrock, translated. */
  public static OpenAiError of(ApiError error) {
    return switch (error.type()) {
      case "ResourceNotFoundException" ->
          invalid(error, error.status(), "model", "model_not_found");
      case "UnknownOperationException" -> invalid(error, error.status(), null, "unknown_url");
      case "ValidationException" ->
          invalid(error, error.status(), member(error.message()), code(error));
      case "ThrottlingException" ->
          new OpenAiError(error.status(), error.message(), "requests", null, "rate_limit_exceeded");
      default -> denied(error);
    };
  }

  private static OpenAiError denied(ApiError error) {
    if (CREDENTIALS.contains(error.type()) || KEYS.stream().anyMatch(error.message()::startsWith)) {
      return invalid(error, UNAUTHORIZED, null, "invalid_api_key");
    }
    if (error.status() == FORBIDDEN) {
      return invalid(error, FORBIDDEN, null, "permission_denied");
    }
    return new OpenAiError(error.status(), error.message(), "server_error", null, null);
  }

  private static OpenAiError invalid(
      ApiError error, int status, @Nullable String param, @Nullable String code) {
    return new OpenAiError(status, error.message(), INVALID_REQUEST, param, code);
  }

  private static @Nullable String code(ApiError error) {
    boolean tooLong =
        error.message().startsWith(ApiError.TOO_LONG)
            || error.message().startsWith(ApiError.TOO_MANY);
    return tooLong ? "context_length_exceeded" : null;
  }

  private static @Nullable String member(String message) {
    Matcher member = MEMBER.matcher(message);
    return member.matches() ? INDEX.matcher(member.group(1)).replaceAll("[$1]") : null;
  }

  /** The body of a response, and of an event in a stream that was begun. */
  public ObjectNode body() {
    ObjectNode body = Json.object();
    body.putObject("error")
        .put("message", message)
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return body;
  }
}
