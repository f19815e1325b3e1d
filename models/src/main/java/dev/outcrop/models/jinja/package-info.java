/**
 * An interpreter of the Jinja2 subset that chat templates are written in. It follows Python's
 * jinja2 3.1 as transformers sets it up (immutable sandbox, trim_blocks, lstrip_blocks, loop
 * controls), refuses what it does not know when a template is loaded, works within a budget, and
 * remembers for every character whether the template or a request wrote it.
 */
package dev.outcrop.models.jinja;
