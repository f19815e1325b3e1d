package dev.outcrop.models.jinja;

import dev.outcrop.models.jinja.Value.Dict;
import dev.outcrop.models.jinja.Value.Kind;
import dev.outcrop.models.jinja.Value.Sequence;
import dev.outcrop.models.jinja.Value.Str;
import dev.outcrop.models.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A macro, or the body of a call block, whose name is null. It sees the names around it. */
final class Macro implements Value.Function {
  private final @Nullable String name;
  private final Stmt.Signature signature;
  private final List<Stmt> body;
  private final Scope definedIn;

  Macro(@Nullable String name, Stmt.Signature signature, List<Stmt> body, Scope definedIn) {
    this.name = name;
    this.signature = signature;
    this.body = body;
    this.definedIn = definedIn;
  }

  @Override
  public String shown() {
    return name == null ? "<Macro 'caller'>" : "<Macro '" + name + "'>";
  }

  @Override
  public @Nullable Value attribute(String attribute, Budget budget) {
    return switch (attribute) {
      case "name" -> name == null ? Value.None.NONE : Str.trusted(name);
      case "arguments" -> {
        budget.makeItems(signature.names().size(), Budget.ITEM + Budget.STRING);
        List<Value> names = new ArrayList<>();
        signature.names().forEach(each -> names.add(Str.trusted(each)));
        yield new Sequence(Kind.TUPLE, names);
      }
      default -> null;
    };
  }

  @Override
  public Value call(Evaluator evaluator, Arguments arguments) {
    var rest = new Dict();
    arguments.named().entries().forEach(e -> rest.put(e.key(), e.value(), evaluator.budget()));
    List<String> names = signature.names();
    evaluator.budget().spend(names.size());
    Scope scope = new Scope(definedIn);
    int given = Math.min(arguments.positional().size(), names.size());
    for (int i = 0; i < names.size(); i++) {
      Value value = i < given ? arguments.positional().get(i) : rest.get(names.get(i));
      if (i >= given) {
        rest.remove(names.get(i));
      }
      scope.set(names.get(i), value == null ? absent(i, evaluator, scope) : value);
    }
    if (uses("caller")) {
      Value caller = rest.get("caller");
      rest.remove("caller");
      scope.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    if (uses("kwargs")) {
      scope.set("kwargs", rest);
    } else if (rest.size() > 0) {
      throw new Failure("the macro '" + name + "' is given a named argument that it does not know");
    }
    List<Value> more = arguments.positional().subList(given, arguments.positional().size());
    if (uses("varargs")) {
      evaluator.budget().makeItems(more.size(), Budget.ITEM);
      scope.set("varargs", new Sequence(Kind.TUPLE, List.copyOf(more)));
    } else if (!more.isEmpty()) {
      throw new Failure("the macro '%s' takes at most %d arguments".formatted(name, names.size()));
    }
    return new Str(evaluator.capture(body, scope));
  }

  private boolean uses(String implicit) {
    return signature.uses().contains(implicit) && !signature.names().contains(implicit);
  }

  private Value absent(int parameter, Evaluator evaluator, Scope scope) {
    int first = signature.names().size() - signature.defaults().size();
    return parameter < first
        ? new Undefined("parameter '" + signature.names().get(parameter) + "' was not provided")
        : evaluator.expressions().evaluate(signature.defaults().get(parameter - first), scope);
  }
}
