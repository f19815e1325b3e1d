package dev.outcrop.serving.auth;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The times of signatures. */
final class SignatureTime {
  /** How far a client's clock may be off. */
  static final Duration SKEW = Duration.ofMinutes(5);

  private static final DateTimeFormatter FORM =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  private SignatureTime() {}

  /** The moment of a text, or null where it is none. */
  static @Nullable Instant parse(String text) {
    try {
      return LocalDateTime.parse(text, FORM).toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      return null;
    }
  }

  static String format(Instant moment) {
    return FORM.format(moment.atOffset(ZoneOffset.UTC));
  }

  /** Why a request signed then cannot be taken now, or null. */
  static @Nullable String wrong(Instant signed, Instant now) {
    if (signed.isBefore(now.minus(SKEW))) {
      return "Signature expired: %s is now earlier than %s (%s - 5 min.)"
          .formatted(format(signed), format(now.minus(SKEW)), format(now));
    }
    return early(signed, now);
  }

  /** Why a signature is of the future, or null. */
  static @Nullable String early(Instant signed, Instant now) {
    return signed.isAfter(now.plus(SKEW))
        ? "Signature not yet current: %s is still later than %s (%s + 5 min.)"
            .formatted(format(signed), format(now.plus(SKEW)), format(now))
        : null;
  }
}
