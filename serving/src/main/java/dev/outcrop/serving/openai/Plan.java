package dev.outcrop.serving.openai;

import dev.outcrop.serving.generate.Generation;
import java.util.List;

/**
 * What is to be generated for one request.
 *
 * @param prompts the first choice of each prompt; further ones differ in the seed
 * @param choicesPerPrompt choices of each prompt, which come one after another
 */
record Plan(List<Generation> prompts, int choicesPerPrompt) {
  /** Copies the list. */
  Plan {
    prompts = List.copyOf(prompts);
  }

  /** All choices. */
  int choices() {
    return prompts.size() * choicesPerPrompt;
  }
}
