package dev.outcrop.k8s.external;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a request is answered with.
 *
 * @param body UTF-8
 */
record Answer(int status, String contentType, String body) {
  private static final String JSON = "application/json";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  static Answer json(Object value) {
    return new Answer(200, JSON, written(value));
  }

  /** JSON that a media type with parameters names. */
  static Answer json(String mediaType, Object value) {
    return new Answer(200, mediaType, written(value));
  }

  static Answer text(String text) {
    return new Answer(200, "text/plain; charset=utf-8", text);
  }

  /** An error as Kubernetes writes it: metav1.Status, whose code is that of HTTP. */
  static Answer error(Reason reason, String message) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("kind", "Status");
    status.put("apiVersion", "v1");
    status.put("metadata", Map.of());
    status.put("status", "Failure");
    status.put("message", message);
    status.put("reason", reason.name);
    status.put("code", reason.code);
    return new Answer(reason.code, JSON, written(status));
  }

  byte[] bytes() {
    return body.getBytes(StandardCharsets.UTF_8);
  }

  private static String written(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps, lists and texts are always written", e);
    }
  }

  /** Why something is refused: metav1.StatusReason. */
  enum Reason {
    BAD_REQUEST(400, "BadRequest"),
    UNAUTHORIZED(401, "Unauthorized"),
    FORBIDDEN(403, "Forbidden"),
    NOT_FOUND(404, "NotFound"),
    METHOD_NOT_ALLOWED(405, "MethodNotAllowed"),
    NOT_ACCEPTABLE(406, "NotAcceptable"),
    INTERNAL_ERROR(500, "InternalError"),
    SERVICE_UNAVAILABLE(503, "ServiceUnavailable");

    final int code;
    final String name;

    Reason(int code, String name) {
      this.code = code;
      this.name = name;
    }

    /** The one that fits a status of HTTP best. */
    static Reason of(int code) {
      for (Reason reason : values()) {
        if (reason.code == code) {
          return reason;
        }
      }
      return code < 500 ? BAD_REQUEST : INTERNAL_ERROR;
    }
  }
}
