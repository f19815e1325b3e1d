package dev.outcrop.serving.auth;

/** What came of looking at a request's credentials. */
public sealed interface AuthResult {
  /** The request may go on. */
  record Allowed(Caller caller) implements AuthResult {}

  /** The request may not. */
  record Denied(Reason reason) implements AuthResult {}

  /** Why a request was denied. */
  enum Reason {
    /** No credentials at all. */
    MISSING,
    /** A key that is not in the key file. */
    UNKNOWN_KEY,
    /** A signature without a key; signatures cannot be verified here. */
    SIGNATURE_ONLY,
    /** The server has too little to check credentials with, so it refuses all. */
    NOT_CONFIGURED
  }
}
