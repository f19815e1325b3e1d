/** What config.json and generation_config.json of a checkpoint say, checked and complete. */
package dev.outcrop.models.arch;
