/** Checkpoints, text, and the engine that runs one forward pass over a mixed batch. */
@org.jspecify.annotations.NullMarked
module dev.outcrop.models {
  requires static transitive org.jspecify;
  requires ai.djl.api;
  requires ai.djl.pytorch_engine;
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;

  exports dev.outcrop.models;
  exports dev.outcrop.models.arch;
  exports dev.outcrop.models.completion;
  exports dev.outcrop.models.engine;
  exports dev.outcrop.models.grammar;
  exports dev.outcrop.models.loading;
  exports dev.outcrop.models.testing;
  exports dev.outcrop.models.text;
  exports dev.outcrop.models.weights;
}
