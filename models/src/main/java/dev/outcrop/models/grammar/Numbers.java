package dev.outcrop.models.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JSON numbers within bounds, as automata over their digits. They are written with as many digits
 * as a double or a long holds, so that none goes on for ever; an exponent only where there is no
 * bound.
 */
final class Numbers {
  /** The most digits before the point. */
  static final int MOST_DIGITS = 18;

  private static final int MOST_FRACTION = 12;
  private static final int MOST_DIVISOR = 10_000;
  private static final int MOST_PLACES = 6;
  private static final BigDecimal LARGEST =
      BigDecimal.TEN.pow(MOST_DIGITS).subtract(BigDecimal.ONE);
  static final String WHOLE = "(0|[1-9][0-9]{0,17})";
  static final String FRACTION = "(\\.[0-9]{1,12})?";
  private static final Regex ANY_WHOLE = RegexReader.read(WHOLE);
  private static final Regex MAYBE_FRACTION = RegexReader.read(FRACTION);
  private static final Regex MINUS = Regex.literal("-");

  private Numbers() {}

  /** A bound and whether it is itself allowed. */
  record Bound(BigDecimal value, boolean inclusive) {}

  /**
   * The numbers that fulfil everything.
   *
   * @param whole whether only integers
   * @param divisor what the number has to be a multiple of, or null
   */
  static Dfa of(
      boolean whole,
      @Nullable Bound least,
      @Nullable Bound most,
      @Nullable BigDecimal divisor,
      Budget budget) {
    Dfa all = whole ? Lexemes.INTEGER : Lexemes.DECIMAL;
    if (least != null) {
      all = all.and(Subsets.of(atLeast(least), Nfa.Writing.PLAIN, budget), budget);
    }
    if (most != null) {
      all = all.and(Subsets.of(atMost(most), Nfa.Writing.PLAIN, budget), budget);
    }
    return divisor == null ? all : all.and(multiples(divisor, budget), budget);
  }

  /** Whether multiples of a number can be told by their digits. */
  static boolean canDivideBy(BigDecimal divisor) {
    BigDecimal plain = divisor.stripTrailingZeros();
    return divisor.signum() > 0
        && plain.scale() <= MOST_PLACES
        && plain
                .scaleByPowerOfTen(Math.max(0, plain.scale()))
                .compareTo(BigDecimal.valueOf(MOST_DIVISOR))
            <= 0;
  }

  private static Regex atLeast(Bound bound) {
    if (bound.value().signum() < 0) {
      Bound below = new Bound(bound.value().negate(), bound.inclusive());
      return or(cat(ANY_WHOLE, MAYBE_FRACTION), cat(MINUS, smaller(below)));
    }
    return greater(bound);
  }

  private static Regex atMost(Bound bound) {
    if (bound.value().signum() < 0) {
      return cat(MINUS, greater(new Bound(bound.value().negate(), bound.inclusive())));
    }
    // "-0" is no less than 0, which matters to an exclusive bound.
    boolean belowZero = bound.value().signum() == 0 && !bound.inclusive();
    Regex negative =
        belowZero ? greater(new Bound(BigDecimal.ZERO, false)) : cat(ANY_WHOLE, MAYBE_FRACTION);
    return belowZero ? cat(MINUS, negative) : or(cat(MINUS, negative), smaller(bound));
  }

  /** Numbers without sign from a bound up. */
  private static Regex greater(Bound bound) {
    if (bound.value().compareTo(LARGEST) > 0) {
      return new Regex.Or(List.of());
    }
    BigInteger floor = bound.value().setScale(0, RoundingMode.FLOOR).toBigInteger();
    String digits = fraction(bound.value());
    BigInteger above = floor.add(BigInteger.ONE);
    int length = above.toString().length();
    BigInteger asLong = BigInteger.TEN.pow(length).subtract(BigInteger.ONE);
    Regex longer =
        new Regex.Or(
            length >= MOST_DIGITS
                ? List.of()
                : List.of(RegexReader.read("[1-9][0-9]{%d,17}".formatted(length))));
    return or(
        cat(or(range(above, asLong.min(LARGEST.toBigInteger())), longer), MAYBE_FRACTION),
        cat(Regex.literal(floor.toString()), fractionAbove(digits, bound.inclusive())));
  }

  /** Numbers without sign up to a bound. */
  private static Regex smaller(Bound bound) {
    if (bound.value().compareTo(LARGEST) > 0) {
      return cat(ANY_WHOLE, MAYBE_FRACTION);
    }
    BigInteger floor = bound.value().setScale(0, RoundingMode.FLOOR).toBigInteger();
    String digits = fraction(bound.value());
    List<Regex> choices = new ArrayList<>();
    if (floor.signum() > 0) {
      choices.add(cat(range(BigInteger.ZERO, floor.subtract(BigInteger.ONE)), MAYBE_FRACTION));
    }
    Regex itself = Regex.literal(floor.toString());
    if (!digits.isEmpty()) {
      choices.add(cat(itself, or(Regex.EMPTY, fractionBelow(digits, bound.inclusive()))));
    } else if (bound.inclusive()) {
      choices.add(cat(itself, RegexReader.read("(\\.0{1,12})?")));
    }
    return new Regex.Or(choices);
  }

  private static String fraction(BigDecimal value) {
    BigDecimal rest = value.remainder(BigDecimal.ONE).stripTrailingZeros();
    if (rest.signum() == 0) {
      return "";
    }
    String digits = rest.toPlainString().substring(2);
    return digits.substring(0, Math.min(digits.length(), MOST_FRACTION));
  }

  private static Regex fractionAbove(String digits, boolean inclusive) {
    if (digits.isEmpty()) {
      return inclusive ? MAYBE_FRACTION : RegexReader.read("\\.0{0,11}[1-9][0-9]{0,11}");
    }
    List<Regex> choices = new ArrayList<>();
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      if (digit < '9') {
        choices.add(
            cat(
                Regex.literal("." + digits.substring(0, i)),
                new Regex.Chars(CodePoints.of(digit + 1, '9')),
                anyDigits(0)));
      }
    }
    choices.add(
        cat(
            Regex.literal("." + digits),
            inclusive ? anyDigits(0) : RegexReader.read("0{0,11}[1-9][0-9]{0,11}")));
    return new Regex.Or(choices);
  }

  private static Regex fractionBelow(String digits, boolean inclusive) {
    List<Regex> choices = new ArrayList<>();
    for (int i = 0; i < digits.length(); i++) {
      String before = "." + digits.substring(0, i);
      if (digits.charAt(i) > '0') {
        choices.add(
            cat(
                Regex.literal(before),
                new Regex.Chars(CodePoints.of('0', digits.charAt(i) - 1)),
                anyDigits(0)));
      }
      if (i > 0) {
        choices.add(Regex.literal(before)); // what is left out was not all zeros
      }
    }
    if (inclusive) {
      choices.add(cat(Regex.literal("." + digits), RegexReader.read("0{0,11}")));
    }
    return new Regex.Or(choices);
  }

  /** Whole numbers without sign and leading zeros. */
  private static Regex range(BigInteger least, BigInteger most) {
    List<Regex> choices = new ArrayList<>();
    for (int length = least.toString().length(); length <= most.toString().length(); length++) {
      BigInteger shortest = length == 1 ? BigInteger.ZERO : BigInteger.TEN.pow(length - 1);
      BigInteger from = least.max(shortest);
      BigInteger to = most.min(BigInteger.TEN.pow(length).subtract(BigInteger.ONE));
      if (from.compareTo(to) <= 0) {
        choices.add(sameLength(from.toString(), to.toString()));
      }
    }
    return new Regex.Or(choices);
  }

  private static Regex sameLength(String least, String most) {
    if (least.isEmpty()) {
      return Regex.EMPTY;
    }
    int rest = least.length() - 1;
    char low = least.charAt(0);
    char high = most.charAt(0);
    if (least.endsWith("0".repeat(rest)) && most.endsWith("9".repeat(rest))) {
      return cat(
          new Regex.Chars(CodePoints.of(low, high)),
          new Regex.Repeat(new Regex.Chars(CodePoints.of('0', '9')), rest, rest));
    }
    if (low == high) {
      return cat(
          Regex.literal(String.valueOf(low)), sameLength(least.substring(1), most.substring(1)));
    }
    List<Regex> choices = new ArrayList<>();
    choices.add(
        cat(Regex.literal(String.valueOf(low)), sameLength(least.substring(1), "9".repeat(rest))));
    if (high - low > 1) {
      choices.add(
          cat(
              new Regex.Chars(CodePoints.of(low + 1, high - 1)),
              new Regex.Repeat(new Regex.Chars(CodePoints.of('0', '9')), rest, rest)));
    }
    choices.add(
        cat(Regex.literal(String.valueOf(high)), sameLength("0".repeat(rest), most.substring(1))));
    return new Regex.Or(choices);
  }

  private static Regex anyDigits(int least) {
    return new Regex.Repeat(new Regex.Chars(CodePoints.of('0', '9')), least, MOST_FRACTION);
  }

  private static Regex cat(Regex... parts) {
    return new Regex.Cat(List.of(parts));
  }

  private static Regex or(Regex... choices) {
    return new Regex.Or(List.of(choices));
  }

  /**
   * Multiples of a number, written with as many places as the number has. States: the start, behind
   * the sign, then for each remainder and each number of places.
   */
  private static Dfa multiples(BigDecimal divisor, Budget budget) {
    BigDecimal plain = divisor.stripTrailingZeros();
    int places = Math.max(0, plain.scale());
    int modulus = plain.scaleByPowerOfTen(places).intValueExact();
    byte[] classOf = new byte[256];
    Arrays.fill(classOf, (byte) 12);
    for (int digit = 0; digit < 10; digit++) {
      classOf['0' + digit] = (byte) digit;
    }
    classOf['-'] = 10;
    classOf['.'] = 11;
    int classes = 13;
    int phases = places + 1 + (places > 0 ? 1 : 0); // digits, behind the point, then each place
    budget.made(modulus * phases);
    int[] next = new int[(2 + modulus * phases) * classes];
    Arrays.fill(next, -1);
    BitSet ends = new BitSet();
    next[10] = 1;
    for (int digit = 0; digit < 10; digit++) {
      next[digit] = 2 + digit % modulus;
      next[classes + digit] = 2 + digit % modulus;
    }
    for (int phase = 0; phase < phases; phase++) {
      for (int rest = 0; rest < modulus; rest++) {
        int state = 2 + phase * modulus + rest;
        int behind = phase == 0 ? 0 : phase + 1;
        for (int digit = 0; digit < 10 && behind < phases; digit++) {
          next[state * classes + digit] = 2 + behind * modulus + (rest * 10 + digit) % modulus;
        }
        if (phase == 0 && places > 0) {
          next[state * classes + 11] = 2 + modulus + rest;
        }
      }
    }
    // A whole number needs no places where its share of the divisor is 0 already.
    int lastPhase = phases - 1;
    ends.set(2 + lastPhase * modulus);
    if (modulus == 1) {
      for (int phase = 0; phase < phases; phase++) {
        ends.set(2 + phase * modulus, phase != 1 || places == 0);
      }
    }
    return new Dfa(classOf, classes, next, ends, new BitSet());
  }
}
