package dev.outcrop.serving.cli;

import dev.outcrop.batching.Batcher;
import dev.outcrop.batching.BatchingConfig;
import dev.outcrop.batching.GenerateRequest;
import dev.outcrop.batching.SubmitResult;
import dev.outcrop.batching.TokenEvent;
import dev.outcrop.batching.TokenStream;
import dev.outcrop.batching.loop.Batchers;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import dev.outcrop.models.text.ChatMessage;
import dev.outcrop.models.text.IncrementalDetokenizer;
import dev.outcrop.models.text.Prompt;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code outcrop models generate DIR --prompt TEXT}: one answer, without a server. */
@Command(
    name = "generate",
    description = "Answers one prompt and prints the answer.",
    mixinStandardHelpOptions = true)
final class GenerateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "The checkpoint folder")
  private Path folder = Path.of(".");

  @Option(names = "--prompt", required = true, description = "The user's message")
  private String prompt = "";

  @Option(names = "--system", description = "A system message")
  private @Nullable String system;

  @Option(
      names = "--raw",
      description = "The prompt is no message but raw text, control tokens included")
  private boolean raw;

  @Option(
      names = "--max-tokens",
      defaultValue = "256",
      description = "The most tokens to generate (${DEFAULT-VALUE})")
  private int maxTokens;

  @Option(names = "--temperature", description = "0 for greedy (the checkpoint's own default)")
  private @Nullable Double temperature;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Seed of the draws (${DEFAULT-VALUE})")
  private long seed;

  @Mixin private final WeightOptions weights = new WeightOptions(LoadOptions.Dtype.AUTO);

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    if (temperature != null && !(temperature >= 0 && temperature <= 100)) {
      throw usage("--temperature must be from 0 to 100, was " + temperature);
    }
    if (maxTokens < 1) {
      throw usage("--max-tokens must be 1 at least, was " + maxTokens);
    }
    return StopSignal.during(this::generate);
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }

  private int generate() throws InterruptedException {
    try (LoadedModel model = LoadedModel.open(folder, weights.load());
        Batcher batcher =
            Batchers.start("generate", model.engine(), BatchingConfig.DEFAULT, System::nanoTime)) {
      SubmitResult result =
          batcher.submit(
              new GenerateRequest(
                  ids(model),
                  maxTokens,
                  sampling(model),
                  model.stopTokens(),
                  GenerateRequest.Service.of("command-line", 1)));
      return switch (result) {
        case SubmitResult.Accepted(TokenStream stream) -> print(model, stream);
        case SubmitResult.Rejected(var reason, var message, var retryAfter) -> {
          System.err.println("outcrop: " + message);
          yield 1;
        }
      };
    }
  }

  private int[] ids(LoadedModel model) {
    if (raw) {
      return model.tokenizer().encodeTrusted(prompt);
    }
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.of("system", system));
    }
    messages.add(ChatMessage.of("user", prompt));
    Prompt rendered =
        model
            .template()
            .render(messages, List.of(), true, Map.of(), Clock.system(ZoneId.systemDefault()));
    return model.tokenizer().encode(rendered);
  }

  private Sampling sampling(LoadedModel model) {
    Sampling defaults = model.defaultSampling();
    return new Sampling(
        temperature == null ? defaults.temperature() : temperature,
        defaults.topK(),
        defaults.topP(),
        defaults.minP(),
        defaults.repetitionPenalty(),
        0,
        0,
        seed,
        -1);
  }

  private static int print(LoadedModel model, TokenStream stream) throws InterruptedException {
    IncrementalDetokenizer detokenizer = model.tokenizer().detokenizer();
    while (true) {
      switch (stream.next()) {
        case TokenEvent.Token token -> System.out.print(detokenizer.accept(token.id()));
        case TokenEvent.Finished _ -> {
          System.out.println(detokenizer.flush());
          return 0;
        }
        case TokenEvent.Failed(var error) -> {
          System.out.println();
          System.err.println("outcrop: " + error.getMessage());
          return 1;
        }
      }
      System.out.flush();
    }
  }
}
