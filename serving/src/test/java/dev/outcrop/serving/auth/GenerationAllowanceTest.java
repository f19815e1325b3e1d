package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.OutcropException;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.TokenConstraint;
import dev.outcrop.serving.config.PolicyFile;
import dev.outcrop.serving.generate.Constraint;
import dev.outcrop.serving.generate.Generation;
import dev.outcrop.serving.generate.GenerationListener;
import dev.outcrop.serving.generate.GenerationService;
import dev.outcrop.serving.generate.Outcome;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.Signer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Generations of somebody who may take 100 tokens a minute. */
final class GenerationAllowanceTest {
  private static final String POLICY =
      """
      tenants: [{id: t}]
      principals: [{id: p, tenant: t, quota: {tokens-per-minute: 100}, api-keys: [{sha256: %s}]}]
      """
          .formatted(Signer.sha256("key"));

  private final Caller caller =
      Principals.of(
              PolicyFile.parse("p", POLICY.getBytes(StandardCharsets.UTF_8)), new Quotas(() -> 0))
          .apiKey(Hashes.sha256("key"))
          .caller;
  private final ScriptedBatcher batcher = new ScriptedBatcher(request -> "abc");
  private final GenerationService service =
      new GenerationService(
          () -> 0,
          new GenerationListener() {
            @Override
            public void firstToken(ServedModel model, long nanosSinceArrival) {}

            @Override
            public void nextToken(ServedModel model, long nanosSinceLast) {}

            @Override
            public void over(Over over) {}
          });
  private int compilations;

  private final ByteText text =
      new ByteText() {
        @Override
        public TokenConstraint constraint(
            Constraint constraint, Generation.Input input, boolean open) {
          compilations++;
          return super.constraint(constraint, input, open);
        }
      };

  private Outcome start(int maxTokens, String pattern) throws InterruptedException {
    return service.start(
        new ServedModel("m", List.of(), batcher, text, new SamplingDefaults(0, 0, 1, 0, 1)),
        new Generation(
            new Generation.Text("p"),
            maxTokens,
            false,
            Sampling.GREEDY,
            List.of(),
            null,
            new Constraint.Regex(pattern)),
        caller,
        Purpose.of("Converse"),
        0,
        () -> false);
  }

  @Test
  void nothingIsCompiledForWhoMayTakeNoMore() throws Exception {
    assertThat(start(90, "a")).isInstanceOf(Outcome.Running.class);
    assertThat(start(90, "b"))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.reason()).isEqualTo(SubmitResult.Reason.TENANT_QUOTA));

    assertThat(compilations).isOne();
  }

  @Test
  void whatIsRefusedAsAConstraintTakesNothing() throws Exception {
    assertThatThrownBy(() -> start(90, "(")).isInstanceOf(OutcropException.class);

    assertThat(batcher.open()).isZero();
    assertThat(start(90, "abc")).isInstanceOf(Outcome.Running.class);
  }
}
