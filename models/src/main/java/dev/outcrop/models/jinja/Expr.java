package dev.outcrop.models.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression of a template. */
sealed interface Expr {
  /** The line where it begins. */
  int line();

  record Constant(Value value, int line) implements Expr {}

  record Name(String name, int line) implements Expr {}

  record Attribute(Expr target, String name, int line) implements Expr {}

  record Item(Expr target, Expr index, int line) implements Expr {}

  record Slice(
      Expr target, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step, int line)
      implements Expr {}

  /** A list or tuple literal. */
  record Items(List<Expr> items, Value.Kind kind, int line) implements Expr {}

  record Pairs(List<Expr> keys, List<Expr> values, int line) implements Expr {}

  record Unary(UnaryOperator operator, Expr operand, int line) implements Expr {}

  record Binary(BinaryOperator operator, Expr left, Expr right, int line) implements Expr {}

  /** {@code first op operand op operand ...}: every comparison has to hold. */
  record Comparison(Expr first, List<Operand> rest, int line) implements Expr {}

  record Operand(CompareOperator operator, Expr operand) {}

  record And(Expr left, Expr right, int line) implements Expr {}

  record Or(Expr left, Expr right, int line) implements Expr {}

  record Conditional(Expr test, Expr then, @Nullable Expr otherwise, int line) implements Expr {}

  /** {@code a ~ b}: the texts of both. */
  record Concatenation(List<Expr> parts, int line) implements Expr {}

  /** A filter; the input is missing at the head of a filter or set block. */
  record Filtered(@Nullable Expr input, String name, CallArguments arguments, int line)
      implements Expr {}

  record Tested(Expr input, String name, CallArguments arguments, int line) implements Expr {}

  record Call(Expr function, CallArguments arguments, int line) implements Expr {}

  /** The arguments of a call as they are written. */
  record CallArguments(
      List<Expr> positional,
      List<Named> named,
      @Nullable Expr spreadPositional,
      @Nullable Expr spreadNamed) {
    static final CallArguments NONE = new CallArguments(List.of(), List.of(), null, null);
  }

  record Named(String name, Expr value) {}

  enum UnaryOperator {
    NOT,
    MINUS,
    PLUS
  }

  enum BinaryOperator {
    ADD("+"),
    SUBTRACT("-"),
    MULTIPLY("*"),
    DIVIDE("/"),
    FLOOR_DIVIDE("//"),
    MODULO("%"),
    POWER("**");

    private final String symbol;

    BinaryOperator(String symbol) {
      this.symbol = symbol;
    }

    String symbol() {
      return symbol;
    }
  }

  enum CompareOperator {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    IN,
    NOT_IN
  }
}
