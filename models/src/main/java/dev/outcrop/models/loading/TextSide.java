package dev.outcrop.models.loading;

import dev.outcrop.models.arch.DecoderConfig;
import dev.outcrop.models.arch.GenerationDefaults;
import dev.outcrop.models.text.ChatTemplate;
import dev.outcrop.models.text.Tokenizer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What a folder says besides its weights. It is read on a thread of its own while they load: in a
 * process that has just started, parsing a tokenizer takes longer than reading a small checkpoint.
 * Where it cannot be read, large ones are not read to their end for nothing: see {@link
 * Reading#requireNoError}.
 */
record TextSide(GenerationDefaults defaults, ChatTemplate template, Tokenizer tokenizer) {
  private static TextSide read(Path folder, DecoderConfig config) {
    return new TextSide(
        GenerationDefaults.read(folder, config),
        ChatTemplate.open(folder),
        Tokenizer.open(folder)); // last, as it has to be closed
  }

  /** Begins to read it. Whoever begins has to await it, also where the weights fail. */
  static Reading begin(Path folder, DecoderConfig config) {
    return new Reading(
        CompletableFuture.supplyAsync(
            () -> read(folder, config),
            task -> Thread.ofPlatform().name("text-loading").start(task)));
  }

  /** A text side that may not be there yet. */
  record Reading(CompletableFuture<TextSide> text) {
    /**
     * Looks at it without waiting; on any thread.
     *
     * @throws dev.outcrop.models.OutcropException where it is known that a file is missing or
     *     unsound
     */
    void requireNoError() {
      if (text.isCompletedExceptionally()) {
        await();
      }
    }

    /**
     * Waits for it, whether the thread is interrupted or not.
     *
     * @throws dev.outcrop.models.OutcropException where a file is missing or unsound
     */
    TextSide await() {
      try {
        return text.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw e;
      }
    }
  }
}
