package dev.outcrop.bench.batching;

import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.models.engine.Sampling;
import java.util.ArrayList;
import java.util.List;

/** Requests to a batcher and the tokens that it answers with. */
final class Answers {
  private Answers() {}

  /** A request; every other number is sampled, with a seed. */
  static GenerateRequest request(int number, int[] prompt, int tokens) {
    Sampling sampling =
        number % 2 == 0 ? Sampling.GREEDY : new Sampling(0.7, 40, 0.95, 0, 1, 0, 0, number, -1);
    return new GenerateRequest(
        prompt, tokens, sampling, new int[0], GenerateRequest.Service.of("tenant", 1));
  }

  static TokenStream accepted(SubmitResult result) {
    return switch (result) {
      case SubmitResult.Accepted(TokenStream stream) -> stream;
      case SubmitResult.Rejected rejected -> throw new AssertionError(rejected.message());
    };
  }

  static List<Integer> read(TokenStream stream) throws InterruptedException {
    List<Integer> tokens = new ArrayList<>();
    try (stream) {
      while (true) {
        switch (stream.next()) {
          case TokenEvent.Token token -> tokens.add(token.id());
          case TokenEvent.Finished _ -> {
            return tokens;
          }
          case TokenEvent.Failed failed -> throw new AssertionError(failed.toString());
        }
      }
    }
  }
}
