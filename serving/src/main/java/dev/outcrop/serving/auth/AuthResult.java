package dev.outcrop.serving.auth;

import org.jspecify.annotations.Nullable;

/** What came of looking at a request's credentials. */
public sealed interface AuthResult {
  /** The request may go on. */
  record Allowed(Caller caller) implements AuthResult {}

  /**
   * The request is signed, and its body with it, which was not read yet.
   *
   * @param caller who signed it, if the body is the one that was signed
   * @param proven whether the signature itself was verified; if not, only the id of a key is known
   *     so far, which is no secret
   * @param check what the body has to pass before anything is made of it
   */
  record Signed(Caller caller, boolean proven, BodyCheck check) implements AuthResult {}

  /**
   * The request may not.
   *
   * @param message what the client is told
   */
  record Denied(Reason reason, String message) implements AuthResult {
    /** A denial in the words that belong to its reason. */
    public Denied(Reason reason) {
      this(reason, reason.message);
    }
  }

  /** Compares a body with what was signed. */
  interface BodyCheck {
    /** Null where the body is the one that was signed. */
    @Nullable Denied check(byte[] body);
  }

  /** Why a request was denied. */
  enum Reason {
    /** No credentials at all. */
    MISSING("Missing Authentication Token"),
    /** A key that is not known, or a short-term key that nobody known has made. */
    UNKNOWN_KEY("Authentication failed: Please make sure your API Key is valid."),
    /** A key whose time is over. */
    EXPIRED_KEY("Bearer Token has expired"),
    /** A signature with a key that is not known, or without the session token of its key. */
    UNKNOWN_ACCESS_KEY("The security token included in the request is invalid."),
    /** A signature with a key whose time is over. */
    EXPIRED_ACCESS_KEY("The security token included in the request is expired"),
    /** A signature that lacks something. */
    INCOMPLETE_SIGNATURE("The request signature does not conform to AWS standards."),
    /** A signature that is wrong, for something else, or too old. */
    WRONG_SIGNATURE(
        "The request signature we calculated does not match the signature you provided. Check your"
            + " AWS Secret Access Key and signing method. Consult the service documentation for"
            + " details."),
    /** The server has too little to check credentials with, so it refuses all. */
    NOT_CONFIGURED("No admin key is configured.");

    private final String message;

    Reason(String message) {
      this.message = message;
    }
  }
}
