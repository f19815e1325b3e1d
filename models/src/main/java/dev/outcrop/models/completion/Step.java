package dev.outcrop.models.completion;

/** What a character made of a call. */
enum Step {
  /** It goes on. */
  MORE,
  /** It is whole; its end was told. */
  WHOLE,
  /** It is none; the character, like all that was not handed on, is in the source. */
  FAULT
}
