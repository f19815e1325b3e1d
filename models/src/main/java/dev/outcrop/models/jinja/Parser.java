package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Stmt.Signature;
import dev.outcrop.models.jinja.Stmt.Target;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a template's statements; refuses what is not supported by name and line. */
final class Parser {
  private static final Set<String> IMPLICIT = Set.of("varargs", "kwargs", "caller");

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private int loops;

  private Parser(Tokens tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  /** Parses a whole template. */
  static List<Stmt> parse(String template) {
    var parser = new Parser(new Tokens(new Lexer(template).tokens()));
    return parser.statements(Set.of(), "");
  }

  /** Statements up to one of the end tags, whose name is left as the current token. */
  private List<Stmt> statements(Set<String> ends, String opener) {
    int openedAt = tokens.line();
    List<Stmt> body = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      switch (token.type()) {
        case DATA -> {
          tokens.next();
          body.add(new Stmt.Data(Text.trusted(token.value()), token.line()));
        }
        case VARIABLE_BEGIN -> {
          tokens.next();
          body.add(new Stmt.Print(expressions.tuple(true, null, false), token.line()));
          tokens.expect(TokenType.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          tokens.next();
          if (tokens.at(TokenType.NAME) && ends.contains(tokens.current().value())) {
            return List.copyOf(body);
          }
          tokens.enter();
          statement(body);
          tokens.leave();
          tokens.expect(TokenType.BLOCK_END);
        }
        case EOF -> {
          if (!ends.isEmpty()) {
            throw new Failure("'" + opener + "' is not closed", openedAt);
          }
          return List.copyOf(body);
        }
        case VARIABLE_END, BLOCK_END, NAME, STRING, INTEGER, FLOAT, OPERATOR ->
            throw tokens.unexpected();
      }
    }
  }

  /** The rest of a tag, then statements up to an end tag; takes the end tag's name. */
  private List<Stmt> block(String opener, String... ends) {
    tokens.skipOperator(":");
    tokens.expect(TokenType.BLOCK_END);
    List<Stmt> body = statements(Set.of(ends), opener);
    if (ends.length == 1) {
      tokens.next();
    }
    return body;
  }

  private void statement(List<Stmt> body) {
    Token tag = tokens.expect(TokenType.NAME);
    int line = tag.line();
    switch (tag.value()) {
      case "for" -> body.add(forLoop(line));
      case "if" -> body.add(ifElse(line));
      case "set" -> body.add(set(line));
      case "macro" -> body.add(macro(line));
      case "call" -> body.add(callBlock(line));
      case "with" -> body.add(with(line));
      case "filter" -> {
        Expr.Filtered filter = filterChain(expressions.primary().filter(null));
        body.add(new Stmt.FilterBlock(filter, block("filter", "endfilter"), line));
      }
      case "generation" ->
          body.add(new Stmt.Scoped(outsideLoops(() -> block("generation", "endgeneration")), line));
      case "print" -> print(body, line);
      case "break" -> body.add(new Stmt.Break(inLoop("break", line)));
      case "continue" -> body.add(new Stmt.Continue(inLoop("continue", line)));
      case "include", "import", "from", "extends", "block", "autoescape", "trans", "do", "debug" ->
          throw new Failure("'" + tag.value() + "' is not supported", line);
      default ->
          throw new Failure("the tag '" + tag.value() + "' is unknown or out of place", line);
    }
  }

  private int inLoop(String tag, int line) {
    if (loops == 0) {
      throw new Failure("'" + tag + "' stands outside a loop", line);
    }
    return line;
  }

  private List<Stmt> outsideLoops(java.util.function.Supplier<List<Stmt>> body) {
    int outer = loops;
    loops = 0;
    List<Stmt> read = body.get();
    loops = outer;
    return read;
  }

  private void print(List<Stmt> body, int line) {
    boolean more = false;
    while (!tokens.at(TokenType.BLOCK_END)) {
      if (more) {
        tokens.expectOperator(",");
      }
      body.add(new Stmt.Print(expressions.expression(), line));
      more = true;
    }
  }

  private Stmt forLoop(int line) {
    Target target = target(false, "in");
    tokens.expectName("in");
    Expr items = expressions.tuple(false, "recursive", false);
    Expr filter = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Stmt> body = block("for", "endfor", "else");
    loops--;
    List<Stmt> otherwise = List.of();
    if (tokens.next().value().equals("else")) {
      otherwise = block("else", "endfor");
    }
    return new Stmt.For(target, items, filter, recursive, body, otherwise, line);
  }

  private Stmt ifElse(int line) {
    Expr test = expressions.tuple(false, null, false);
    tokens.enterBranch();
    List<Stmt> then = block("if", "elif", "else", "endif");
    int elseLine = tokens.line();
    List<Stmt> otherwise =
        switch (tokens.next().value()) {
          case "elif" -> {
            tokens.enter();
            Stmt rest = ifElse(elseLine);
            tokens.leave();
            yield List.of(rest);
          }
          case "else" -> block("else", "endif");
          default -> List.of();
        };
    tokens.leaveBranch();
    return new Stmt.If(test, then, otherwise, line);
  }

  private Stmt set(int line) {
    Target target = target(true, null);
    if (tokens.skipOperator("=")) {
      return new Stmt.Set(target, expressions.tuple(true, null, false), line);
    }
    Expr.Filtered filter = null;
    if (tokens.skipOperator("|")) {
      filter = filterChain(expressions.primary().filter(null));
    }
    return new Stmt.SetBlock(target, filter, block("set", "endset"), line);
  }

  private Expr.Filtered filterChain(Expr.Filtered head) {
    Expr.Filtered filter = head;
    for (int length = 1; tokens.skipOperator("|"); length++) {
      tokens.checkChain(length);
      filter = expressions.primary().filter(filter);
    }
    return filter;
  }

  private Stmt with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.at(TokenType.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false, null));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Stmt.With(targets, values, block("with", "endwith"), line);
  }

  private Stmt macro(int line) {
    String name = tokens.expect(TokenType.NAME).value();
    Set<String> outer = tokens.takeMentions();
    Parameters parameters = parameters();
    List<Stmt> body = outsideLoops(() -> block("macro", "endmacro"));
    return new Stmt.Macro(name, parameters.signature(uses(outer)), body, line);
  }

  private Stmt callBlock(int line) {
    Set<String> outer = tokens.takeMentions();
    Parameters parameters =
        tokens.atOperator("(") ? parameters() : new Parameters(List.of(), List.of());
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw new Failure("'call' needs the call of a macro", line);
    }
    Set<String> ofCall = tokens.takeMentions();
    List<Stmt> body = outsideLoops(() -> block("call", "endcall"));
    Signature signature = parameters.signature(uses(outer));
    tokens.mentionAll(ofCall);
    return new Stmt.CallBlock(signature, call, body, line);
  }

  private Set<String> uses(Set<String> outer) {
    Set<String> mentioned = tokens.takeMentions();
    tokens.mentionAll(outer);
    tokens.mentionAll(mentioned);
    Set<String> uses = new HashSet<>(mentioned);
    uses.retainAll(IMPLICIT);
    return uses;
  }

  private record Parameters(List<String> names, List<Expr> defaults) {
    Signature signature(Set<String> uses) {
      return new Signature(names, defaults, uses);
    }
  }

  private Parameters parameters() {
    List<String> names = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    tokens.expectOperator("(");
    while (!tokens.atOperator(")")) {
      if (!names.isEmpty()) {
        tokens.expectOperator(",");
      }
      int line = tokens.line();
      names.add(assignable(tokens.expect(TokenType.NAME)));
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw new Failure("a parameter without default follows one with a default", line);
      }
    }
    tokens.expectOperator(")");
    return new Parameters(List.copyOf(names), List.copyOf(defaults));
  }

  private Target target(boolean withNamespace, @Nullable String endName) {
    List<Target> targets = new ArrayList<>();
    boolean isTuple = false;
    while (!expressions.atTupleEnd(endName)) {
      targets.add(singleTarget(withNamespace));
      if (!tokens.skipOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (targets.isEmpty()) {
      throw tokens.unexpected();
    }
    return isTuple ? new Stmt.TupleTarget(List.copyOf(targets)) : targets.getFirst();
  }

  private Target singleTarget(boolean withNamespace) {
    int line = tokens.line();
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = target(withNamespace, null);
      tokens.leave();
      tokens.expectOperator(")");
      return inner;
    }
    Token name = tokens.expect(TokenType.NAME);
    if (withNamespace && tokens.skipOperator(".")) {
      return new Stmt.NamespaceTarget(name.value(), tokens.expect(TokenType.NAME).value(), line);
    }
    return new Stmt.NameTarget(assignable(name));
  }

  private static String assignable(Token name) {
    return switch (name.value()) {
      case "true", "false", "none", "True", "False", "None" ->
          throw new Failure("cannot assign to '" + name.value() + "'", name.line());
      default -> name.value();
    };
  }
}
