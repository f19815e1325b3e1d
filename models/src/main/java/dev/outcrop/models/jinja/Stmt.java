package dev.outcrop.models.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Stmt {
  /** The line where it begins. */
  int line();

  /** Template text. */
  record Data(Text text, int line) implements Stmt {}

  record Print(Expr expression, int line) implements Stmt {}

  record If(Expr test, List<Stmt> then, List<Stmt> otherwise, int line) implements Stmt {}

  record For(
      Target target,
      Expr items,
      @Nullable Expr filter,
      boolean recursive,
      List<Stmt> body,
      List<Stmt> otherwise,
      int line)
      implements Stmt {}

  record Set(Target target, Expr value, int line) implements Stmt {}

  /** {@code {% set x %}...{% endset %}}, with filters where some are given. */
  record SetBlock(Target target, Expr.@Nullable Filtered filter, List<Stmt> body, int line)
      implements Stmt {}

  record Macro(String name, Signature signature, List<Stmt> body, int line) implements Stmt {}

  record CallBlock(Signature signature, Expr.Call call, List<Stmt> body, int line)
      implements Stmt {}

  record FilterBlock(Expr.Filtered filter, List<Stmt> body, int line) implements Stmt {}

  record With(List<Target> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {}

  /** A body with names of its own; what transformers makes of {@code {% generation %}}. */
  record Scoped(List<Stmt> body, int line) implements Stmt {}

  record Break(int line) implements Stmt {}

  record Continue(int line) implements Stmt {}

  /**
   * The parameters of a macro.
   *
   * @param names in order
   * @param defaults of the last of them
   * @param uses which of varargs, kwargs and caller the body mentions
   */
  record Signature(List<String> names, List<Expr> defaults, java.util.Set<String> uses) {}

  /** What a value is assigned to. */
  sealed interface Target {}

  record NameTarget(String name) implements Target {}

  record TupleTarget(List<Target> targets) implements Target {}

  record NamespaceTarget(String namespace, String attribute, int line) implements Target {}
}
