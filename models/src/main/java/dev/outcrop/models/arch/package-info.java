/**
 * What config.json and generation_config.json of a checkpoint say, checked and complete.
 *
 * <p>A decoder is put together from parts: attention, norms, layers (window, rope, MLP) and scales.
 * A family that needs no new part is a constant of {@code Family}, a method of {@code
 * DecoderConfigReader} with the defaults of its configuration class in transformers, a fixture in
 * make_fixtures.py and lines in the tests of exactness and of mutations. A new part is a record or
 * a field here, names of its tensors in {@code DecoderWeights}, and text in one of the TorchScript
 * resources, kept by a flag of {@code DecoderProgram}.
 */
package dev.outcrop.models.arch;
