package dev.outcrop.batching.loop;

import dev.outcrop.batching.schedule.Sequence;

/** What other threads ask of the engine thread; carried out between two steps. */
sealed interface Command {
  /** Queue a sequence, of a tenant with this weight, and publish its tokens to the stream. */
  record Submit(Sequence sequence, RequestStream stream, int weight) implements Command {}

  /** End a sequence whose reader is gone. */
  record Cancel(Sequence sequence) implements Command {}

  /** End everything and leave. */
  record Stop() implements Command {}
}
