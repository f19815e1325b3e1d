/**
 * The engine: TorchScript programs that Java writes and libtorch runs through DJL.
 *
 * <p>A program is readable text under resources ({@code *.torchscript}), specialised for one
 * configuration and put into an archive without weights. Weights come from safetensors files that
 * libtorch maps. One step is one native call. Nothing of DJL leaves this package.
 *
 * <p>Choices that look odd, and why:
 *
 * <ul>
 *   <li>Attention over one decode row has the row's query group as queries and the KV heads as
 *       heads: no KV is repeated, and {@code enable_gqa} is many times slower.
 *   <li>Pieces of KV are merged by log-sum-exp, so segments are read where they lie and no mask is
 *       needed, except where a sliding window cuts into a chunk.
 *   <li>RMS norm runs as layer norm over (x, -x): libtorch 2.7 has a fused kernel only for that.
 *   <li>The greedy token is looked for in chunks of the vocabulary: argmax over bfloat16 is scalar
 *       code, 2.4 ms for 16 rows of 32,000 on one core against 0.3 ms.
 *   <li>What is left above the linear layers at 16 rows is attention: one kernel call per row and
 *       layer. One call for all rows would need all sequences at equal distances in the arena.
 * </ul>
 */
package dev.outcrop.models.torch;
