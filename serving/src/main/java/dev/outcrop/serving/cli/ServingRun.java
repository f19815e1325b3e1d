package dev.outcrop.serving.cli;

import dev.outcrop.serving.OutcropServer;
import dev.outcrop.serving.StartingServer;
import dev.outcrop.serving.config.ServingConfig;

/** What {@code outcrop serve} does once its options are read; refers to no option parser. */
final class ServingRun {
  private ServingRun() {}

  /** Serves until SIGTERM or {@code POST /drain}, drains, and returns the exit code. */
  static int of(ServingConfig settings) throws InterruptedException {
    StopSignal signal = StopSignal.install();
    int status = 1;
    try (StartingServer starting = StartingServer.open(settings);
        ModelHost models =
            ModelHost.load(
                settings.models(), settings.cost(), starting.prices(), starting::loading)) {
      starting.onDrain(signal::ask);
      signal.serving();
      OutcropServer server = starting.serve(models.served(), models.encoders(), models.memory());
      signal.await();
      status = server.drain(settings.drainTimeout()) ? 0 : 1;
    } finally {
      signal.finished(status);
    }
    return status;
  }
}
