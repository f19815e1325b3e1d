/** What a completion is made of: text, reasoning and tool calls, in the form of each family. */
package dev.outcrop.models.completion;
