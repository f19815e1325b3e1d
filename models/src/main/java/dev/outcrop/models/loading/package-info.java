/** Opens checkpoints and measures shapes; hides what the engine is made of. */
package dev.outcrop.models.loading;
