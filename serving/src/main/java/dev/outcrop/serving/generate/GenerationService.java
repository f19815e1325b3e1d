package dev.outcrop.serving.generate;

import dev.outcrop.batching.Fit;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.Tier;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.auth.Allowance;
import dev.outcrop.serving.auth.Caller;
import dev.outcrop.serving.auth.Purpose;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.json.Fields;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Runs generations: template and tokenizer, submit, and back from tokens to text. Everything runs
 * on the thread of the request. Safe to use from any thread.
 */
public final class GenerationService {
  private static final int ID_BYTES = 16;

  private final LongSupplier nanoTime;
  private final GenerationListener listener;
  private final LongTexts longTexts = new LongTexts();
  private final SecureRandom random = new SecureRandom();
  private final Set<RunningGeneration> running = ConcurrentHashMap.newKeySet();

  /**
   * Creates a service.
   *
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  public GenerationService(LongSupplier nanoTime, GenerationListener listener) {
    this.nanoTime = nanoTime;
    this.listener = listener;
  }

  /**
   * Starts a generation or refuses it.
   *
   * @param purpose what it is counted under
   * @param arrivedNanos when the request arrived, by the service's clock
   * @param gone whether the client has gone away
   */
  public Outcome start(
      ServedModel model,
      Generation generation,
      Caller caller,
      Purpose purpose,
      long arrivedNanos,
      BooleanSupplier gone)
      throws InterruptedException {
    long characters = generation.input().characters();
    if (characters > model.text().mostCharacters()) {
      return new Outcome.Refused(
          SubmitResult.Reason.NEVER_FITS, tooLong(characters), Duration.ZERO);
    }
    TextModel.ChatPrompt encoded =
        longTexts.encode(characters, gone, () -> encode(model, generation));
    int[] prompt = encoded.tokens();
    if (prompt.length == 0) {
      return new Outcome.Refused(
          SubmitResult.Reason.NEVER_FITS, "the prompt is empty", Duration.ZERO);
    }
    // What can fail comes before submit: a stream that nobody holds would go on to its end.
    TextAssembler assembler =
        new TextAssembler(model.text(), generation, encoded.reasoningIsOpen(), this::newId);
    Tier tier = caller.tierFor(generation.tier());
    GenerateRequest request =
        new GenerateRequest(
            prompt,
            generation.maxTokens(),
            generation.orFewer(),
            generation.sampling(),
            model.text().stopTokens(),
            new GenerateRequest.Service(
                caller.tenant(), caller.weight(), tier, null, caller.tenant()));
    return switch (model.batcher().fit(request)) {
      case Fit.Never(var reason, var message) ->
          new Outcome.Refused(reason, message, Duration.ZERO);
      case Fit.Fits(int maxTokens) ->
          switch (caller.allowance().tokens((long) prompt.length + maxTokens)) {
            case Allowance.Answer.Throttled(var message, var retryAfter) ->
                new Outcome.Refused(SubmitResult.Reason.TENANT_QUOTA, message, retryAfter);
            case Allowance.Answer.Granted(var share) ->
                switch (submit(model, generation, request, encoded.reasoningIsOpen(), share)) {
                  case SubmitResult.Accepted(var stream) -> {
                    RunningGeneration run =
                        new RunningGeneration(
                            new RunningGeneration.Context(
                                model,
                                caller,
                                purpose,
                                share,
                                listener,
                                nanoTime,
                                arrivedNanos,
                                gone,
                                generation.oneCall()),
                            stream,
                            generation.tier() == null && tier == Tier.DEFAULT ? null : tier,
                            prompt.length,
                            assembler,
                            running::remove);
                    running.add(run);
                    yield new Outcome.Running(run);
                  }
                  case SubmitResult.Rejected(var reason, var message, var retryAfter) -> {
                    share.close();
                    yield new Outcome.Refused(reason, message, retryAfter);
                  }
                };
          };
    };
  }

  /** Submits what may cost something to constrain; where that fails its share is given back. */
  private static SubmitResult submit(
      ServedModel model,
      Generation generation,
      GenerateRequest request,
      boolean reasoningIsOpen,
      Allowance.Share share) {
    boolean done = false;
    try {
      Constraint constraint = generation.constraint();
      SubmitResult result =
          model
              .batcher()
              .submit(
                  constraint == null
                      ? request
                      : request.constrained(
                          model
                              .text()
                              .constraint(constraint, generation.input(), reasoningIsOpen)));
      done = true;
      return result;
    } finally {
      if (!done) {
        share.close();
      }
    }
  }

  /**
   * How many tokens the prompt of a generation has: what {@link GenerationEvent.Usage} would say of
   * it.
   *
   * @param gone whether the client has gone away
   */
  public int promptTokens(ServedModel model, Generation generation, BooleanSupplier gone)
      throws InterruptedException {
    long characters = generation.input().characters();
    if (characters > model.text().mostCharacters()) {
      throw new OutcropException(ServingError.INPUT_TOO_LONG, tooLong(characters));
    }
    TextModel.ChatPrompt prompt =
        longTexts.encode(characters, gone, () -> encode(model, generation));
    return prompt.tokens().length;
  }

  private static String tooLong(long characters) {
    return "%d characters of text are more than the context of this model can hold"
        .formatted(characters);
  }

  private static TextModel.ChatPrompt encode(ServedModel model, Generation generation) {
    return switch (generation.input()) {
      case Generation.Chat(var messages, var tools, var variables) ->
          model.text().encodeChat(messages, tools, variables);
      case Generation.Text(var text) ->
          new TextModel.ChatPrompt(model.text().encodeText(text), false);
      case Generation.Tokens(var ids) ->
          new TextModel.ChatPrompt(checked(ids, model.text().vocabulary()), false);
    };
  }

  private static int[] checked(int[] ids, int vocabulary) {
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw Fields.invalid(
            "The prompt holds a token id that is not between 0 and %d, the last of this model."
                .formatted(vocabulary - 1));
      }
    }
    return ids;
  }

  /** Where long texts of other services wait for their turn too. */
  public LongTexts longTexts() {
    return longTexts;
  }

  /** Ends everything that still runs with an error; for a drain that took too long. */
  public void abortAll() {
    running.forEach(RunningGeneration::abort);
  }

  /** How many generations run. */
  public int running() {
    return running.size();
  }

  private String newId() {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
