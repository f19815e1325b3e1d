package dev.outcrop.models.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The parser's place among the tokens, and how deep it is. */
final class Tokens {
  private static final int MAX_NESTING = 150;
  private static final int MAX_CHAIN = 400;

  private final List<Token> tokens;
  private final Set<String> names = new HashSet<>();
  private int at;
  private int nesting;
  private int branches;

  Tokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token look() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (at < tokens.size() - 1) {
      at++;
    }
    return token;
  }

  int line() {
    return current().line();
  }

  boolean at(TokenType type) {
    return current().type() == type;
  }

  boolean atName(String name) {
    return current().is(TokenType.NAME, name);
  }

  boolean atOperator(String operator) {
    return current().is(TokenType.OPERATOR, operator);
  }

  boolean skipName(String name) {
    if (!atName(name)) {
      return false;
    }
    next();
    return true;
  }

  boolean skipOperator(String operator) {
    if (!atOperator(operator)) {
      return false;
    }
    next();
    return true;
  }

  Token expect(TokenType type) {
    if (!at(type)) {
      throw unexpected();
    }
    return next();
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw new Failure("expected '" + operator + "', found " + current().shown(), line());
    }
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw new Failure("expected '" + name + "', found " + current().shown(), line());
    }
  }

  Failure unexpected() {
    return new Failure("did not expect " + current().shown(), line());
  }

  /** Goes into a nested construct; bounds the parser's and the evaluator's recursion. */
  void enter() {
    if (++nesting > MAX_NESTING) {
      throw new Failure("the template nests deeper than " + MAX_NESTING + " levels", line());
    }
  }

  void leave() {
    nesting--;
  }

  /** Goes into a branch that may never run. */
  void enterBranch() {
    branches++;
  }

  void leaveBranch() {
    branches--;
  }

  /** Refuses a filter or test that we do not have; in a branch, as in Jinja, when it runs. */
  void refuseUnlessInBranch(String what, String name, int line) {
    if (branches == 0) {
      throw new Failure("the " + what + " '" + name + "' is not supported", line);
    }
  }

  /** Bounds chains such as {@code a + b + c}, whose trees are as deep as they are long. */
  void checkChain(int length) {
    if (length > MAX_CHAIN) {
      throw new Failure("an expression chains more than " + MAX_CHAIN + " operators", line());
    }
  }

  /** Remembers that a name is used, for macros that want to know about varargs and the like. */
  void mention(String name) {
    names.add(name);
  }

  /** Forgets the mentions and returns them. */
  Set<String> takeMentions() {
    Set<String> taken = new HashSet<>(names);
    names.clear();
    return taken;
  }

  void mentionAll(Set<String> more) {
    names.addAll(more);
  }
}
