/**
 * Answers that have to follow a JSON Schema, a regular expression or a tool's syntax: an automaton
 * with a stack over the bytes of a model's tokens, which says before each step what tokens may
 * come.
 *
 * <p>{@link dev.outcrop.models.grammar.Syntax} says what an answer has to look like, {@link
 * dev.outcrop.models.grammar.GrammarCompiler} makes a grammar of it on the request's thread, within
 * a budget, and {@link dev.outcrop.models.grammar.Grammar#constraint} gives each sequence what the
 * engine asks. A grammar may allow less than a schema does, never more; what cannot be enforced is
 * refused.
 */
package dev.outcrop.models.grammar;
