package dev.outcrop.serving.openai;

import java.util.List;

/**
 * A request that is answered with choices.
 *
 * @param plan what to generate
 * @param choices who writes the choices
 * @param envelope what stands around them
 * @param streamUsage whether a stream ends with a chunk that says the usage
 */
record Asked(Plan plan, List<Choice> choices, Envelope envelope, boolean streamUsage) {
  /** Copies the list. */
  Asked {
    choices = List.copyOf(choices);
  }

  /** The same for InvokeModel, which asks for one choice alone. */
  OneChoice one() {
    return new OneChoice(plan.prompts().getFirst(), envelope, choices.getFirst());
  }
}
