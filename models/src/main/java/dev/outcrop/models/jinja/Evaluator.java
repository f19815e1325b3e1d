package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.Namespace;
import dev.outcrop.models.jinja.Value.Str;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs the statements of one rendering, on one thread; made anew for each. */
final class Evaluator {
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Clock clock;
  private final Expressions expressions = new Expressions(this);
  private TextBuilder out;
  private int line;

  Evaluator(Budget budget, Clock clock) {
    this.budget = budget;
    this.clock = clock;
    this.out = new TextBuilder(budget);
  }

  Budget budget() {
    return budget;
  }

  Clock clock() {
    return clock;
  }

  Expressions expressions() {
    return expressions;
  }

  /** Remembers where the template is, for messages. */
  void at(int line) {
    this.line = line;
  }

  int line() {
    return line;
  }

  /** Runs statements and returns what they print. */
  Text capture(List<Stmt> body, Scope scope) {
    TextBuilder outer = out;
    var own = new TextBuilder(budget);
    out = own;
    try {
      run(body, scope);
    } finally {
      out = outer;
    }
    return own.build();
  }

  private Flow run(List<Stmt> body, Scope scope) {
    for (Stmt statement : body) {
      Flow flow = run(statement, scope);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow run(Stmt statement, Scope scope) {
    budget.enter();
    line = statement.line();
    Flow flow = Flow.ON;
    switch (statement) {
      case Stmt.Data data -> out.append(data.text());
      case Stmt.Print print ->
          out.append(Printing.str(expressions.evaluate(print.expression(), scope), budget));
      case Stmt.If choice ->
          flow =
              run(
                  Types.truth(expressions.evaluate(choice.test(), scope))
                      ? choice.then()
                      : choice.otherwise(),
                  scope);
      case Stmt.For loop -> run(loop, scope);
      case Stmt.Set set -> assign(set.target(), expressions.evaluate(set.value(), scope), scope);
      case Stmt.SetBlock set -> {
        Scope inner = new Scope(scope);
        Value value = new Str(capture(set.body(), inner));
        Expr.Filtered filter = set.filter();
        assign(
            set.target(), filter == null ? value : expressions.filter(filter, value, inner), scope);
      }
      case Stmt.Macro macro -> {
        budget.allocate(scope.memory());
        scope.set(macro.name(), new Macro(macro.name(), macro.signature(), macro.body(), scope));
      }
      case Stmt.CallBlock call -> {
        budget.allocate(scope.memory());
        var caller = new Macro(null, call.signature(), call.body(), scope);
        out.append(Printing.str(expressions.callWith(call.call(), caller, scope), budget));
      }
      case Stmt.FilterBlock block -> {
        Scope inner = new Scope(scope);
        Value value = new Str(capture(block.body(), inner));
        out.append(Printing.str(expressions.filter(block.filter(), value, inner), budget));
      }
      case Stmt.With with -> {
        List<Value> values = new ArrayList<>();
        with.values().forEach(value -> values.add(expressions.evaluate(value, scope)));
        Scope inner = new Scope(scope);
        for (int i = 0; i < values.size(); i++) {
          assign(with.targets().get(i), values.get(i), inner);
        }
        flow = run(with.body(), inner);
      }
      case Stmt.Scoped scoped -> run(scoped.body(), new Scope(scope));
      case Stmt.Break stop -> flow = Flow.BREAK;
      case Stmt.Continue next -> flow = Flow.CONTINUE;
    }
    budget.leave();
    return flow;
  }

  private void run(Stmt.For loop, Scope scope) {
    Value items = expressions.evaluate(loop.items(), scope);
    line = loop.line();
    loop(loop, items, scope, 1);
  }

  private void loop(Stmt.For loop, Value iterated, Scope scope, int depth) {
    List<Value> items = Types.items(iterated, budget);
    Expr filter = loop.filter();
    if (filter != null) {
      budget.allocate(Budget.LIST + (long) items.size() * Budget.ITEM);
      List<Value> kept = new ArrayList<>();
      for (Value item : items) {
        Scope inner = new Scope(scope);
        assign(loop.target(), item, inner);
        if (Types.truth(expressions.evaluate(filter, inner))) {
          kept.add(item);
        }
      }
      items = kept;
    }
    Value.Function recursion = loop.recursive() ? recursion(loop, scope, depth) : null;
    Loop state = new Loop(items, depth, recursion);
    boolean ran = false;
    for (Value item : items) {
      Scope inner = new Scope(scope);
      inner.set("loop", state);
      assign(loop.target(), item, inner);
      Flow flow = run(loop.body(), inner);
      if (flow == Flow.BREAK) {
        break;
      }
      // Jinja looks at the end of the body: a loop that never gets there runs its else.
      ran |= flow == Flow.ON;
      state.index++;
    }
    if (!ran) {
      run(loop.otherwise(), new Scope(scope));
    }
  }

  private Value.Function recursion(Stmt.For loop, Scope scope, int depth) {
    budget.allocate(scope.memory());
    return (evaluator, arguments) -> {
      @Nullable Value[] a = arguments.positional("loop", 1, 1);
      Value items = a[0];
      TextBuilder outer = out;
      var own = new TextBuilder(budget);
      out = own;
      try {
        loop(loop, items == null ? Value.None.NONE : items, scope, depth + 1);
      } finally {
        out = outer;
      }
      return new Str(own.build());
    };
  }

  private void assign(Stmt.Target target, Value value, Scope scope) {
    switch (target) {
      case Stmt.NameTarget name -> scope.set(name.name(), value);
      case Stmt.TupleTarget tuple -> {
        List<Value> items = Types.items(value, budget);
        if (items.size() != tuple.targets().size()) {
          throw new Failure(
              "cannot unpack %d items into %d names"
                  .formatted(items.size(), tuple.targets().size()));
        }
        for (int i = 0; i < items.size(); i++) {
          assign(tuple.targets().get(i), items.get(i), scope);
        }
      }
      case Stmt.NamespaceTarget place -> {
        if (!(expressions.lookUp(place.namespace(), scope) instanceof Namespace namespace)) {
          throw new Failure(
              "cannot set an attribute of '" + place.namespace() + "', which is no namespace",
              place.line());
        }
        if (namespace.attributes.get(place.attribute()) == null) {
          budget.allocate(Budget.ENTRY);
        }
        namespace.attributes.put(Text.trusted(place.attribute()), value);
      }
    }
  }
}
