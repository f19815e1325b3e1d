package dev.outcrop.batching.loop;

import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenEvent.FinishReason;
import dev.outcrop.batching.schedule.Sequence;
import dev.outcrop.models.OutcropException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The streams of the sequences that are in, each until its one last event. Used by the engine
 * thread alone.
 */
final class OpenStreams {
  private final Map<Sequence, RequestStream> streams = new HashMap<>();

  /** Streams that wait for their end. */
  int size() {
    return streams.size();
  }

  void add(Sequence sequence, RequestStream stream) {
    streams.put(sequence, stream);
  }

  /** The stream of a sequence, or null where it has had its end. */
  @Nullable RequestStream of(Sequence sequence) {
    return streams.get(sequence);
  }

  /** The stream of a sequence is not told any more. */
  void remove(Sequence sequence) {
    streams.remove(sequence);
  }

  /** A sequence has all its tokens, or nobody wants more. */
  void finish(Sequence sequence, FinishReason reason) {
    end(
        sequence,
        new TokenEvent.Finished(
            reason, sequence.promptTokens(), sequence.cachedTokens(), sequence.completionTokens()));
  }

  /** A sequence cannot go on. */
  void fail(Sequence sequence, OutcropException error) {
    end(sequence, new TokenEvent.Failed(error));
  }

  private void end(Sequence sequence, TokenEvent end) {
    RequestStream stream = streams.remove(sequence);
    if (stream != null) {
      stream.end(end);
    }
  }

  /** Those of requests that the loop did not come to, whose sequences it does not know. */
  void endUnheard(Iterable<Command> commands, TokenEvent end) {
    for (Command command : commands) {
      if (command instanceof Command.Submit(var sequence, var stream, _)
          && !streams.containsKey(sequence)) {
        stream.end(end);
      }
    }
  }

  /** Nobody is left waiting. */
  void endAll(TokenEvent end) {
    streams.values().forEach(stream -> stream.end(end));
    streams.clear();
  }
}
