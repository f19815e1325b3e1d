package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.BinaryOperator;
import dev.outcrop.models.jinja.Value.Int;
import dev.outcrop.models.jinja.Value.Real;
import java.math.BigDecimal;
import java.math.BigInteger;

/** Python's arithmetic and the way it writes floats. */
final class Numbers {
  private static final int MAX_BITS = 8192;

  private Numbers() {}

  static double toDouble(Value number) {
    return number instanceof Real real ? real.value() : number(number).doubleValue();
  }

  private static BigInteger number(Value value) {
    BigInteger index = Types.index(value);
    if (index == null) {
      throw Types.wrong(value, "a number is needed, not '" + Types.name(value) + "'");
    }
    return index;
  }

  /** Whether the template, and no request, made the number. */
  static boolean trusted(Value number) {
    return switch (number) {
      case Int i -> i.trusted();
      case Real r -> r.trusted();
      case Value.Str s -> s.text().allTrusted();
      case Value.Bool b -> true;
      case Value.None n -> true;
      case Value.Undefined u -> true;
      case Value.Sequence s -> false;
      case Value.Dict d -> false;
      case Value.Generator g -> false;
      case Value.Namespace n -> false;
      case Value.Function f -> true;
      case Value.Loop l -> true;
    };
  }

  static Value negate(Value operand) {
    return operand instanceof Real real
        ? new Real(-real.value(), real.trusted())
        : new Int(number(operand).negate(), trusted(operand));
  }

  static Value plus(Value operand) {
    return operand instanceof Real ? operand : new Int(number(operand), trusted(operand));
  }

  /**
   * Reads digits of a known radix, which may not be too many.
   *
   * @param line for the message, 0 where it is not known
   */
  static BigInteger read(String digits, int radix, int line) {
    BigInteger number = digits.length() > MAX_BITS ? null : new BigInteger(digits, radix);
    if (number == null || number.bitLength() > MAX_BITS) {
      throw new Failure("a number is too large", line);
    }
    return number;
  }

  static Value apply(BinaryOperator operator, Value left, Value right, Budget budget) {
    boolean trusted = trusted(left) && trusted(right);
    if (left instanceof Real || right instanceof Real || operator == BinaryOperator.DIVIDE) {
      return new Real(real(operator, left, right), trusted);
    }
    BigInteger a = number(left);
    BigInteger b = number(right);
    budget.spend((a.bitLength() + (long) b.bitLength()) >> 7);
    if (operator == BinaryOperator.POWER && b.signum() < 0) {
      return new Real(power(a.doubleValue(), b.doubleValue()), trusted);
    }
    BigInteger result =
        switch (operator) {
          case ADD -> a.add(b);
          case SUBTRACT -> a.subtract(b);
          case MULTIPLY -> a.multiply(b);
          case FLOOR_DIVIDE -> floorDivide(a, nonZero(b));
          case MODULO -> a.subtract(floorDivide(a, nonZero(b)).multiply(b));
          case POWER -> power(a, b);
          case DIVIDE -> throw new IllegalStateException("division is real");
        };
    if (result.bitLength() > MAX_BITS) {
      throw tooLarge();
    }
    return new Int(result, trusted);
  }

  private static Failure tooLarge() {
    return new Failure("a number is too large");
  }

  private static BigInteger nonZero(BigInteger divisor) {
    if (divisor.signum() == 0) {
      throw new Failure("division by zero");
    }
    return divisor;
  }

  private static BigInteger floorDivide(BigInteger a, BigInteger b) {
    BigInteger[] parts = a.divideAndRemainder(b);
    boolean down = parts[1].signum() != 0 && parts[1].signum() != b.signum();
    return down ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static BigInteger power(BigInteger base, BigInteger exponent) {
    boolean small = base.bitLength() <= 1 && base.abs().bitLength() <= 1;
    if (!small
        && (exponent.bitLength() > 31
            || (long) base.bitLength() * exponent.intValue() > MAX_BITS)) {
      throw tooLarge();
    }
    if (small) {
      return base.signum() == 0 && exponent.signum() > 0
          ? BigInteger.ZERO
          : base.signum() < 0 && exponent.testBit(0) ? base : BigInteger.ONE;
    }
    return base.pow(exponent.intValue());
  }

  private static double real(BinaryOperator operator, Value left, Value right) {
    double a = toDouble(left);
    double b = toDouble(right);
    if ((operator == BinaryOperator.DIVIDE
            || operator == BinaryOperator.FLOOR_DIVIDE
            || operator == BinaryOperator.MODULO)
        && b == 0) {
      throw new Failure("division by zero");
    }
    return switch (operator) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case FLOOR_DIVIDE -> Math.floor((a - modulo(a, b)) / b + 0.5);
      case MODULO -> modulo(a, b);
      case POWER -> power(a, b);
    };
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
      return rest + b;
    }
    return rest == 0 ? Math.copySign(0.0, b) : rest;
  }

  private static double power(double a, double b) {
    if (a == 0 && b < 0) {
      throw new Failure("division by zero");
    }
    if (a < 0 && b != Math.rint(b)) {
      throw new Failure("a power is not a real number");
    }
    return Math.pow(a, b);
  }

  /** A float as Python's repr writes it: the shortest digits that read back the same. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    String digits = exact.unscaledValue().toString();
    int exponent = digits.length() - exact.scale() - 1;
    String sign = value < 0 ? "-" : "";
    if (exponent < -4 || exponent >= 16) {
      String mantissa =
          digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
      return "%s%se%s%02d".formatted(sign, mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
    }
    String plain = exact.toPlainString();
    return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
  }
}
