package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Expr.CallArguments;
import dev.outcrop.models.jinja.Value.Bool;
import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Function;
import dev.outcrop.models.jinja.Value.Loop;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions with Python's rules. */
final class Expressions {
  private final Evaluator evaluator;

  Expressions(Evaluator evaluator) {
    this.evaluator = evaluator;
  }

  private Budget budget() {
    return evaluator.budget();
  }

  Value evaluate(Expr expression, Scope scope) {
    budget().enter();
    evaluator.at(expression.line());
    Value value =
        switch (expression) {
          case Expr.Constant constant -> constant.value();
          case Expr.Name name -> lookUp(name.name(), scope);
          case Expr.Attribute attribute -> {
            Value target = evaluate(attribute.target(), scope);
            evaluator.at(attribute.line());
            yield Access.attribute(target, Text.trusted(attribute.name()), budget());
          }
          case Expr.Item item -> {
            Value target = evaluate(item.target(), scope);
            yield Access.item(target, evaluate(item.index(), scope), budget());
          }
          case Expr.Slice slice ->
              Access.slice(
                  evaluate(slice.target(), scope),
                  optional(slice.start(), scope),
                  optional(slice.stop(), scope),
                  optional(slice.step(), scope),
                  budget());
          case Expr.Items items -> {
            budget().allocate(Budget.LIST + (long) items.items().size() * Budget.ITEM);
            yield new Sequence(items.kind(), all(items.items(), scope));
          }
          case Expr.Pairs pairs -> dict(pairs, scope);
          case Expr.Unary unary -> unary(unary, scope);
          case Expr.Binary binary ->
              Operators.apply(
                  binary.operator(),
                  evaluate(binary.left(), scope),
                  evaluate(binary.right(), scope),
                  evaluator);
          case Expr.Comparison comparison -> Bool.of(compare(comparison, scope));
          case Expr.And and -> {
            Value left = evaluate(and.left(), scope);
            yield Types.truth(left) ? evaluate(and.right(), scope) : left;
          }
          case Expr.Or or -> {
            Value left = evaluate(or.left(), scope);
            yield Types.truth(left) ? left : evaluate(or.right(), scope);
          }
          case Expr.Conditional conditional -> conditional(conditional, scope);
          case Expr.Concatenation concatenation -> {
            var text = new TextBuilder(budget());
            for (Value part : all(concatenation.parts(), scope)) {
              text.append(Printing.str(part, budget()));
            }
            yield new Str(text.build());
          }
          case Expr.Filtered filtered -> {
            Expr input = filtered.input();
            if (input == null) {
              throw new IllegalStateException("a filter without input is applied by its block");
            }
            yield applyFilter(filtered, evaluate(input, scope), scope);
          }
          case Expr.Tested tested -> {
            Value input = evaluate(tested.input(), scope);
            Arguments arguments = arguments(tested.arguments(), scope);
            evaluator.at(tested.line());
            yield Bool.of(check(tested.name(), input, arguments));
          }
          case Expr.Call call -> {
            Value function = evaluate(call.function(), scope);
            Arguments arguments = arguments(call.arguments(), scope);
            evaluator.at(call.line());
            yield call(function, arguments);
          }
        };
    budget().leave();
    return value;
  }

  private @Nullable Value optional(@Nullable Expr expression, Scope scope) {
    return expression == null ? null : evaluate(expression, scope);
  }

  Value lookUp(String name, Scope scope) {
    Value value = scope.find(name);
    if (value != null) {
      return value;
    }
    Value global = Globals.ALL.get(name);
    return global != null ? global : new Undefined("'" + name + "' is undefined");
  }

  private List<Value> all(List<Expr> expressions, Scope scope) {
    List<Value> values = new ArrayList<>(expressions.size());
    for (Expr expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Dict dict(Expr.Pairs pairs, Scope scope) {
    budget().allocate(Budget.ENTRY);
    var dict = new Dict();
    for (int i = 0; i < pairs.keys().size(); i++) {
      Value key = evaluate(pairs.keys().get(i), scope);
      dict.put(key, evaluate(pairs.values().get(i), scope), budget());
    }
    return dict;
  }

  private Value unary(Expr.Unary unary, Scope scope) {
    Value operand = evaluate(unary.operand(), scope);
    return switch (unary.operator()) {
      case NOT -> Bool.of(!Types.truth(operand));
      case MINUS -> budget().made(Numbers.negate(operand));
      case PLUS -> budget().made(Numbers.plus(operand));
    };
  }

  private Value conditional(Expr.Conditional conditional, Scope scope) {
    if (Types.truth(evaluate(conditional.test(), scope))) {
      return evaluate(conditional.then(), scope);
    }
    Expr otherwise = conditional.otherwise();
    return otherwise == null
        ? new Undefined("an inline 'if' was false and has no 'else'")
        : evaluate(otherwise, scope);
  }

  private boolean compare(Expr.Comparison comparison, Scope scope) {
    Value left = evaluate(comparison.first(), scope);
    for (Expr.Operand operand : comparison.rest()) {
      Value right = evaluate(operand.operand(), scope);
      evaluator.at(comparison.line());
      boolean holds =
          switch (operand.operator()) {
            case EQUAL -> Comparing.equal(left, right, budget());
            case NOT_EQUAL -> !Comparing.equal(left, right, budget());
            case LESS -> Comparing.ordered(left, right, true, false, budget());
            case LESS_OR_EQUAL -> Comparing.ordered(left, right, true, true, budget());
            case GREATER -> Comparing.ordered(left, right, false, false, budget());
            case GREATER_OR_EQUAL -> Comparing.ordered(left, right, false, true, budget());
            case IN -> Comparing.contains(right, left, budget());
            case NOT_IN -> !Comparing.contains(right, left, budget());
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }

  /** Applies a chain of filters whose head has no input of its own. */
  Value filter(Expr.Filtered chain, Value input, Scope scope) {
    Value head = chain.input() instanceof Expr.Filtered inner ? filter(inner, input, scope) : input;
    return applyFilter(chain, head, scope);
  }

  private Value applyFilter(Expr.Filtered filtered, Value input, Scope scope) {
    Arguments arguments = arguments(filtered.arguments(), scope);
    evaluator.at(filtered.line());
    if (!Filters.ALL.containsKey(filtered.name())) {
      throw new Failure("the filter '" + filtered.name() + "' is not supported");
    }
    return filter(filtered.name(), input, arguments);
  }

  /** Applies a filter by name. */
  Value filter(String name, Value input, Arguments arguments) {
    Filters.Filter filter = Filters.ALL.get(name);
    if (filter == null) {
      throw new Failure("a filter that is asked for by name does not exist");
    }
    if (input instanceof Str string) {
      budget().spendCharacters(string.text().length());
    }
    return budget().made(filter.apply(input, arguments, evaluator));
  }

  /** Makes a test by name. */
  boolean check(String name, Value input, Arguments arguments) {
    Checks.Check check = Checks.ALL.get(name);
    if (check == null) {
      throw new Failure("a test that is asked for by name does not exist");
    }
    return check.test(input, arguments, evaluator);
  }

  private Arguments arguments(CallArguments written, Scope scope) {
    List<Value> positional = all(written.positional(), scope);
    var named = new Dict();
    for (Expr.Named argument : written.named()) {
      if (named.get(argument.name()) != null) {
        throw new Failure("the argument '" + argument.name() + "' is given twice");
      }
      named.put(Text.trusted(argument.name()), evaluate(argument.value(), scope));
    }
    Expr more = written.spreadPositional();
    if (more != null) {
      positional.addAll(Types.copy(evaluate(more, scope), budget()));
    }
    Expr moreNamed = written.spreadNamed();
    if (moreNamed != null) {
      if (!(evaluate(moreNamed, scope) instanceof Dict dict)) {
        throw new Failure("only a dictionary can follow '**'");
      }
      budget().makeItems(dict.size(), Budget.ENTRY);
      for (Dict.Entry entry : dict.entries()) {
        Text name = Types.string(entry.key(), "the name of an argument");
        if (named.get(name.chars()) != null) {
          throw new Failure("an argument is given twice");
        }
        named.put(name, entry.value());
      }
    }
    return new Arguments(positional, named);
  }

  Value callWith(Expr.Call call, Macro caller, Scope scope) {
    Value function = evaluate(call.function(), scope);
    Arguments arguments = arguments(call.arguments(), scope);
    var named = new Dict();
    arguments.named().entries().forEach(e -> named.put(e.key(), e.value(), budget()));
    named.put(Text.trusted("caller"), caller);
    return call(function, new Arguments(arguments.positional(), named));
  }

  private Value call(Value function, Arguments arguments) {
    if (function instanceof Function callable) {
      return callable.call(evaluator, arguments);
    }
    if (function instanceof Loop loop) {
      Function recursion = loop.recursion();
      if (recursion == null) {
        throw new Failure("only a loop marked 'recursive' can be called");
      }
      return recursion.call(evaluator, arguments);
    }
    throw Types.wrong(function, "a value of type '" + Types.name(function) + "' cannot be called");
  }
}
