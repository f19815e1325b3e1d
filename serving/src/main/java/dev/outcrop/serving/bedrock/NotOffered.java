package dev.outcrop.serving.bedrock;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The operations of bedrock-runtime that this server does not have. Each is refused by its name;
 * none is answered with something that only looks like an answer.
 */
final class NotOffered {
  private static final List<Operation> OPERATIONS =
      List.of(
          operation("StartAsyncInvoke", "POST", "/async-invoke/?"),
          operation("ListAsyncInvokes", "GET", "/async-invoke/?"),
          operation("GetAsyncInvoke", "GET", "/async-invoke/.+"),
          operation("ApplyGuardrail", "POST", "/guardrail/.+/version/[^/]+/apply"),
          operation("InvokeGuardrailChecks", "POST", "/guardrail-checks/invoke"),
          operation(
              "InvokeModelWithBidirectionalStream",
              "POST",
              "/model/.+/invoke-with-bidirectional-stream"));

  private NotOffered() {}

  /** Refuses a request that means one of them; at once, since the body of one may never end. */
  static void check(String method, String rawPath) {
    for (Operation operation : OPERATIONS) {
      if (operation.method.equals(method) && operation.path.matcher(rawPath).matches()) {
        throw new OutcropException(
            ServingError.OPERATION_UNKNOWN,
            "The operation %s is not supported by this server.".formatted(operation.name));
      }
    }
  }

  private record Operation(String name, String method, Pattern path) {}

  private static Operation operation(String name, String method, String path) {
    return new Operation(name, method, Pattern.compile(path));
  }
}
