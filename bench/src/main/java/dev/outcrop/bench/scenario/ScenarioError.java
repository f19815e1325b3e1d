package dev.outcrop.bench.scenario;

import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.ErrorType;
import dev.outcrop.models.OutcropException;

/** What may be wrong with a scenario or a trace. */
enum ScenarioError implements ErrorCode {
  /** A scenario says something that cannot be done, or is none. */
  SCENARIO_INVALID,
  /** A trace to replay is missing or holds no request. */
  TRACE_INVALID;

  @Override
  public ErrorType type() {
    return ErrorType.USER;
  }

  OutcropException because(String reason) {
    return new OutcropException(this, reason);
  }
}
