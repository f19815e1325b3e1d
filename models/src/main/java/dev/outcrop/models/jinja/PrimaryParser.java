package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.CallArguments;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Names, literals, and what binds to them: attributes, subscripts, calls, filters and tests. */
final class PrimaryParser {
  private final Tokens tokens;
  private final ExpressionParser expressions;

  PrimaryParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expr primary() {
    Token token = tokens.current();
    int line = token.line();
    return switch (token.type()) {
      case NAME -> {
        tokens.next();
        yield name(token.value(), line);
      }
      case STRING -> {
        var text = new StringBuilder();
        while (tokens.at(TokenType.STRING)) {
          text.append(tokens.next().value());
        }
        yield new Expr.Constant(Value.Str.trusted(text.toString()), line);
      }
      case INTEGER -> {
        tokens.next();
        yield new Expr.Constant(new Value.Int(integer(token), true), line);
      }
      case FLOAT -> {
        tokens.next();
        yield new Expr.Constant(new Value.Real(Double.parseDouble(token.value()), true), line);
      }
      case OPERATOR ->
          switch (token.value()) {
            case "(" -> {
              tokens.next();
              Expr inner = expressions.tuple(true, null, true);
              tokens.expectOperator(")");
              yield inner;
            }
            case "[" -> list();
            case "{" -> dict();
            default -> throw tokens.unexpected();
          };
      case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, EOF ->
          throw tokens.unexpected();
    };
  }

  private Expr name(String name, int line) {
    return switch (name) {
      case "true", "True" -> new Expr.Constant(Value.Bool.TRUE, line);
      case "false", "False" -> new Expr.Constant(Value.Bool.FALSE, line);
      case "none", "None" -> new Expr.Constant(Value.None.NONE, line);
      default -> {
        tokens.mention(name);
        yield new Expr.Name(name, line);
      }
    };
  }

  private static BigInteger integer(Token token) {
    String lower = token.value().toLowerCase(Locale.ROOT);
    int radix =
        switch (lower.length() > 2 ? lower.charAt(1) : ' ') {
          case 'x' -> 16;
          case 'o' -> 8;
          case 'b' -> 2;
          default -> 10;
        };
    return Numbers.read(radix == 10 ? lower : lower.substring(2), radix, token.line());
  }

  private Expr list() {
    int line = tokens.next().line();
    List<Expr> items = new ArrayList<>();
    while (!tokens.atOperator("]")) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.atOperator("]")) {
          break;
        }
      }
      items.add(expressions.expression());
    }
    tokens.expectOperator("]");
    return new Expr.Items(List.copyOf(items), Value.Kind.LIST, line);
  }

  private Expr dict() {
    int line = tokens.next().line();
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.atOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.atOperator("}")) {
          break;
        }
      }
      keys.add(expressions.expression());
      tokens.expectOperator(":");
      values.add(expressions.expression());
    }
    tokens.expectOperator("}");
    return new Expr.Pairs(List.copyOf(keys), List.copyOf(values), line);
  }

  Expr postfix(Expr head) {
    Expr node = head;
    for (int length = 1; ; length++) {
      tokens.checkChain(length);
      if (tokens.atOperator(".")) {
        node = attribute(node);
      } else if (tokens.atOperator("[")) {
        node = subscript(node);
      } else if (tokens.atOperator("(")) {
        int line = tokens.line();
        node = new Expr.Call(node, expressions.arguments(), line);
      } else {
        return node;
      }
    }
  }

  private Expr attribute(Expr target) {
    int line = tokens.next().line();
    Token name = tokens.next();
    return switch (name.type()) {
      case NAME -> new Expr.Attribute(target, name.value(), line);
      case INTEGER ->
          new Expr.Item(target, new Expr.Constant(new Value.Int(integer(name), true), line), line);
      case DATA,
          VARIABLE_BEGIN,
          VARIABLE_END,
          BLOCK_BEGIN,
          BLOCK_END,
          STRING,
          FLOAT,
          OPERATOR,
          EOF ->
          throw new Failure("expected a name after '.', found " + name.shown(), line);
    };
  }

  private Expr subscript(Expr target) {
    int line = tokens.next().line();
    Expr start = tokens.atOperator(":") ? null : expressions.expression();
    if (start != null && tokens.skipOperator("]")) {
      return new Expr.Item(target, start, line);
    }
    if (start != null && tokens.atOperator(",")) {
      List<Expr> items = new ArrayList<>(List.of(start));
      while (tokens.skipOperator(",")) {
        items.add(expressions.expression());
      }
      tokens.expectOperator("]");
      return new Expr.Item(
          target, new Expr.Items(List.copyOf(items), Value.Kind.TUPLE, line), line);
    }
    tokens.expectOperator(":");
    Expr stop = sliceEnd();
    Expr step = tokens.skipOperator(":") ? sliceEnd() : null;
    tokens.expectOperator("]");
    return new Expr.Slice(target, start, stop, step, line);
  }

  private @Nullable Expr sliceEnd() {
    return tokens.atOperator(":") || tokens.atOperator("]") ? null : expressions.expression();
  }

  /** The filters, tests and calls after an expression. */
  Expr filters(Expr head) {
    Expr node = head;
    for (int length = 1; ; length++) {
      tokens.checkChain(length);
      if (tokens.skipOperator("|")) {
        node = filter(node);
      } else if (tokens.atName("is")) {
        node = test(node);
      } else if (tokens.atOperator("(")) {
        int line = tokens.line();
        node = new Expr.Call(node, expressions.arguments(), line);
      } else {
        return node;
      }
    }
  }

  /** One filter, after its bar. */
  Expr.Filtered filter(@Nullable Expr input) {
    int line = tokens.line();
    String name = dottedName();
    if (!Filters.ALL.containsKey(name)) {
      tokens.refuseUnlessInBranch("filter", name, line);
    }
    CallArguments arguments = tokens.atOperator("(") ? expressions.arguments() : CallArguments.NONE;
    return new Expr.Filtered(input, name, arguments, line);
  }

  private String dottedName() {
    var name = new StringBuilder(tokens.expect(TokenType.NAME).value());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(TokenType.NAME).value());
    }
    return name.toString();
  }

  private Expr test(Expr input) {
    int line = tokens.next().line();
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    if (!Checks.ALL.containsKey(name)) {
      tokens.refuseUnlessInBranch("test", name, line);
    }
    CallArguments arguments = CallArguments.NONE;
    if (tokens.atOperator("(")) {
      arguments = expressions.arguments();
    } else if (atTestOperand()) {
      if (tokens.atName("is")) {
        throw new Failure("tests cannot be chained with 'is'", line);
      }
      Expr operand = postfix(primary());
      arguments = new CallArguments(List.of(operand), List.of(), null, null);
    }
    Expr tested = new Expr.Tested(input, name, arguments, line);
    return negated ? new Expr.Unary(Expr.UnaryOperator.NOT, tested, line) : tested;
  }

  private boolean atTestOperand() {
    return switch (tokens.current().type()) {
      case NAME -> !tokens.atName("else") && !tokens.atName("or") && !tokens.atName("and");
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> tokens.atOperator("[") || tokens.atOperator("{");
      case DATA, VARIABLE_BEGIN, VARIABLE_END, BLOCK_BEGIN, BLOCK_END, EOF -> false;
    };
  }
}
