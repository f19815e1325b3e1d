package dev.outcrop.serving.auth;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A long-term key, by its hash. No record: its text form must not show the hash. */
final class ApiKey {
  final byte[] sha256;
  final Caller caller;
  final @Nullable Instant expires;

  ApiKey(byte[] sha256, Caller caller, @Nullable Instant expires) {
    this.sha256 = sha256;
    this.caller = caller;
    this.expires = expires;
  }
}
