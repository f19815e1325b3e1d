package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.BinaryOperator;
import dev.outcrop.models.jinja.Expr.CallArguments;
import dev.outcrop.models.jinja.Expr.CompareOperator;
import dev.outcrop.models.jinja.Expr.UnaryOperator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Operators from the loosest to the tightest, in the order of Jinja's grammar. */
final class ExpressionParser {
  private static final Map<String, CompareOperator> COMPARISONS =
      Map.of(
          "==", CompareOperator.EQUAL,
          "!=", CompareOperator.NOT_EQUAL,
          "<", CompareOperator.LESS,
          "<=", CompareOperator.LESS_OR_EQUAL,
          ">", CompareOperator.GREATER,
          ">=", CompareOperator.GREATER_OR_EQUAL);
  private static final Map<String, BinaryOperator> SUMS =
      Map.of("+", BinaryOperator.ADD, "-", BinaryOperator.SUBTRACT);
  private static final Map<String, BinaryOperator> PRODUCTS =
      Map.of(
          "*", BinaryOperator.MULTIPLY,
          "/", BinaryOperator.DIVIDE,
          "//", BinaryOperator.FLOOR_DIVIDE,
          "%", BinaryOperator.MODULO);
  private static final Map<String, BinaryOperator> POWERS = Map.of("**", BinaryOperator.POWER);

  private final Tokens tokens;
  private final PrimaryParser primary;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.primary = new PrimaryParser(tokens, this);
  }

  PrimaryParser primary() {
    return primary;
  }

  Expr expression() {
    return expression(true);
  }

  Expr expression(boolean withConditional) {
    tokens.enter();
    try {
      return withConditional ? conditional() : or();
    } finally {
      tokens.leave();
    }
  }

  /** An expression, or several with commas between them, which are a tuple. */
  Expr tuple(boolean withConditional, @Nullable String endName, boolean inParentheses) {
    int line = tokens.line();
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
      }
      if (atTupleEnd(endName)) {
        break;
      }
      items.add(expression(withConditional));
      if (!tokens.atOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (!isTuple && !items.isEmpty()) {
      return items.getFirst();
    }
    if (!isTuple && !inParentheses) {
      throw new Failure("expected an expression, found " + tokens.current().shown(), line);
    }
    return new Expr.Items(List.copyOf(items), Value.Kind.TUPLE, line);
  }

  boolean atTupleEnd(@Nullable String endName) {
    return tokens.at(TokenType.VARIABLE_END)
        || tokens.at(TokenType.BLOCK_END)
        || tokens.atOperator(")")
        || (endName != null && tokens.atName(endName));
  }

  private Expr conditional() {
    int line = tokens.line();
    Expr then = or();
    int chain = 0;
    while (tokens.skipName("if")) {
      tokens.checkChain(++chain);
      Expr test = or();
      Expr otherwise = null;
      if (tokens.skipName("else")) {
        tokens.enter();
        otherwise = conditional();
        tokens.leave();
      }
      then = new Expr.Conditional(test, then, otherwise, line);
      line = tokens.line();
    }
    return then;
  }

  private Expr or() {
    int line = tokens.line();
    Expr left = and();
    int chain = 0;
    while (tokens.skipName("or")) {
      tokens.checkChain(++chain);
      left = new Expr.Or(left, and(), line);
      line = tokens.line();
    }
    return left;
  }

  private Expr and() {
    int line = tokens.line();
    Expr left = not();
    int chain = 0;
    while (tokens.skipName("and")) {
      tokens.checkChain(++chain);
      left = new Expr.And(left, not(), line);
      line = tokens.line();
    }
    return left;
  }

  private Expr not() {
    int line = tokens.line();
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.enter();
    Expr operand = not();
    tokens.leave();
    return new Expr.Unary(UnaryOperator.NOT, operand, line);
  }

  private Expr comparison() {
    int line = tokens.line();
    Expr first = sum();
    List<Expr.Operand> rest = new ArrayList<>();
    while (true) {
      CompareOperator operator =
          tokens.at(TokenType.OPERATOR) ? COMPARISONS.get(tokens.current().value()) : null;
      if (operator != null) {
        tokens.next();
      } else if (tokens.skipName("in")) {
        operator = CompareOperator.IN;
      } else if (tokens.atName("not") && tokens.look().is(TokenType.NAME, "in")) {
        tokens.next();
        tokens.next();
        operator = CompareOperator.NOT_IN;
      } else {
        return rest.isEmpty() ? first : new Expr.Comparison(first, List.copyOf(rest), line);
      }
      rest.add(new Expr.Operand(operator, sum()));
    }
  }

  private Expr sum() {
    return chain(SUMS, this::concatenation);
  }

  private Expr concatenation() {
    int line = tokens.line();
    Expr first = product();
    if (!tokens.atOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concatenation(List.copyOf(parts), line);
  }

  private Expr product() {
    return chain(PRODUCTS, () -> chain(POWERS, () -> unary(true)));
  }

  private Expr chain(Map<String, BinaryOperator> operators, Supplier<Expr> operand) {
    int line = tokens.line();
    Expr left = operand.get();
    for (int length = 1; tokens.at(TokenType.OPERATOR); length++) {
      BinaryOperator operator = operators.get(tokens.current().value());
      if (operator == null) {
        break;
      }
      tokens.checkChain(length);
      tokens.next();
      left = new Expr.Binary(operator, left, operand.get(), line);
      line = tokens.line();
    }
    return left;
  }

  /** A sign, a primary and what follows it; filters bind to the sign's result, as in Jinja. */
  Expr unary(boolean withFilter) {
    int line = tokens.line();
    Expr node;
    if (tokens.atOperator("-") || tokens.atOperator("+")) {
      UnaryOperator operator =
          tokens.next().value().equals("-") ? UnaryOperator.MINUS : UnaryOperator.PLUS;
      tokens.enter();
      node = new Expr.Unary(operator, unary(false), line);
      tokens.leave();
    } else {
      node = primary.primary();
    }
    node = primary.postfix(node);
    return withFilter ? primary.filters(node) : node;
  }

  /** Arguments in parentheses. */
  CallArguments arguments() {
    int line = tokens.line();
    tokens.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    List<Expr.Named> named = new ArrayList<>();
    Expr spreadPositional = null;
    Expr spreadNamed = null;
    boolean comma = false;
    while (!tokens.atOperator(")")) {
      if (comma) {
        tokens.expectOperator(",");
        if (tokens.atOperator(")")) {
          break;
        }
      }
      comma = true;
      boolean ordered = spreadNamed == null;
      if (tokens.skipOperator("*")) {
        ordered &= spreadPositional == null;
        spreadPositional = expression();
      } else if (tokens.skipOperator("**")) {
        spreadNamed = expression();
      } else if (tokens.at(TokenType.NAME) && tokens.look().is(TokenType.OPERATOR, "=")) {
        String name = tokens.next().value();
        tokens.next();
        named.add(new Expr.Named(name, expression()));
      } else {
        ordered &= spreadPositional == null && named.isEmpty();
        positional.add(expression());
      }
      if (!ordered) {
        throw new Failure("the arguments of a call are out of order", line);
      }
    }
    tokens.expectOperator(")");
    return new CallArguments(
        List.copyOf(positional), List.copyOf(named), spreadPositional, spreadNamed);
  }
}
