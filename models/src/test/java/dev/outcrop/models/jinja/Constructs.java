package dev.outcrop.models.jinja;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What a template makes use of, by names such as {@code filter trim} and {@code for with if}. */
final class Constructs {
  private static final Set<String> BY_NAME =
      Set.of("map", "select", "reject", "selectattr", "rejectattr");
  private static final Map<String, Pattern> MARKS =
      Map.of(
          "white space cut before a tag", Pattern.compile("\\{[%{]-"),
          "white space cut after a tag", Pattern.compile("-[%}]}"),
          "white space kept at a tag", Pattern.compile("\\{%\\+|\\+%}"),
          "comment", Pattern.compile("\\{#"),
          "white space cut at a comment", Pattern.compile("\\{#-|-#}"),
          "raw", Pattern.compile("\\{%[-+]?\\s*raw\\s*[-+]?%}"));

  private final Set<String> found = new TreeSet<>();
  private final Set<String> macros = new TreeSet<>();

  private Constructs() {}

  /** The constructs of a template that parses. */
  static Set<String> of(String source) {
    var constructs = new Constructs();
    List<Stmt> body = Parser.parse(source);
    constructs.collectMacros(body);
    constructs.visit(body);
    MARKS.forEach(
        (name, mark) -> {
          if (mark.matcher(source).find()) {
            constructs.found.add(name);
          }
        });
    return constructs.found;
  }

  private void collectMacros(Object node) {
    if (node instanceof Stmt.Macro macro) {
      macros.add(macro.name());
    }
    eachPart(node, this::collectMacros);
  }

  private void visit(Object node) {
    if (node instanceof Stmt statement) {
      statement(statement);
    } else if (node instanceof Expr expression) {
      expression(expression);
    } else if (node instanceof Expr.Operand operand) {
      found.add("comparison " + word(operand.operator()));
    } else if (node instanceof Stmt.NamespaceTarget) {
      found.add("set of a namespace's attribute");
    } else if (node instanceof Stmt.TupleTarget) {
      found.add("assignment to several names");
    }
    eachPart(node, this::visit);
  }

  private static void eachPart(Object node, Consumer<Object> visitor) {
    if (node instanceof Iterable<?> nodes) {
      nodes.forEach(visitor);
    } else if (node instanceof Record && !(node instanceof Value)) {
      for (RecordComponent part : node.getClass().getRecordComponents()) {
        Object value = part(node, part);
        if (value instanceof Iterable || value instanceof Record) {
          visitor.accept(value);
        }
      }
    }
  }

  private static @Nullable Object part(Object node, RecordComponent part) {
    try {
      return part.getAccessor().invoke(node);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private void statement(Stmt statement) {
    switch (statement) {
      case Stmt.Data data -> found.add("text");
      case Stmt.Print print -> found.add("print");
      case Stmt.If test -> found.add(test.otherwise().isEmpty() ? "if" : "if with else or elif");
      case Stmt.For loop -> {
        found.add("for");
        add(loop.filter() != null, "for with if");
        add(loop.recursive(), "for recursive");
        add(!loop.otherwise().isEmpty(), "for with else");
      }
      case Stmt.Set set -> found.add("set");
      case Stmt.SetBlock set -> {
        found.add("set of a block");
        add(set.filter() != null, "set of a filtered block");
      }
      case Stmt.Macro macro -> {
        found.add("macro");
        add(!macro.signature().defaults().isEmpty(), "macro with defaults");
        macro.signature().uses().forEach(name -> found.add("macro with " + name));
      }
      case Stmt.CallBlock call -> found.add("call block");
      case Stmt.FilterBlock filter -> found.add("filter block");
      case Stmt.With with -> found.add("with");
      case Stmt.Scoped scoped -> found.add("generation");
      case Stmt.Break loop -> found.add("break");
      case Stmt.Continue loop -> found.add("continue");
    }
  }

  private void expression(Expr expression) {
    switch (expression) {
      case Expr.Constant constant -> found.add("literal " + literal(constant.value()));
      case Expr.Name name -> found.add("name");
      case Expr.Attribute attribute -> {
        boolean ofLoop = attribute.target() instanceof Expr.Name name && name.name().equals("loop");
        found.add(ofLoop ? "loop." + attribute.name() : "attribute");
      }
      case Expr.Item item -> found.add(isNegative(item.index()) ? "item from the end" : "item");
      case Expr.Slice slice ->
          found.add(
              "slice [%s:%s%s]"
                  .formatted(
                      bound("start", slice.start()),
                      bound("stop", slice.stop()),
                      slice.step() == null ? "" : ":" + bound("step", slice.step())));
      case Expr.Items items -> found.add("literal " + items.kind().name().toLowerCase(Locale.ROOT));
      case Expr.Pairs pairs -> found.add("literal dict");
      case Expr.Unary unary -> found.add("operator " + word(unary.operator()));
      case Expr.Binary binary -> found.add("operator " + binary.operator().symbol());
      case Expr.Comparison comparison -> add(comparison.rest().size() > 1, "chain of comparisons");
      case Expr.And and -> found.add("operator and");
      case Expr.Or or -> found.add("operator or");
      case Expr.Conditional conditional ->
          found.add(
              conditional.otherwise() == null ? "inline if without else" : "inline if with else");
      case Expr.Concatenation concatenation -> found.add("operator ~");
      case Expr.Filtered filtered -> {
        found.add("filter " + filtered.name() + shape(filtered.arguments()));
        byName(filtered);
      }
      case Expr.Tested tested -> found.add("test " + tested.name() + shape(tested.arguments()));
      case Expr.Call call -> found.add(call(call));
    }
  }

  /** A filter or test that is named by an argument of another filter. */
  private void byName(Expr.Filtered filtered) {
    boolean ofAttribute = filtered.name().endsWith("attr");
    List<Expr> arguments = filtered.arguments().positional();
    int at = ofAttribute ? 1 : 0;
    if (BY_NAME.contains(filtered.name())
        && arguments.size() > at
        && arguments.get(at) instanceof Expr.Constant(Value.Str name, int line)) {
      found.add((filtered.name().equals("map") ? "filter " : "test ") + name.chars() + " by name");
    }
  }

  private String call(Expr.Call call) {
    String shape = shape(call.arguments());
    return switch (call.function()) {
      case Expr.Name name when macros.contains(name.name()) ->
          "call of a macro" + (call.arguments().named().isEmpty() ? "" : " with named arguments");
      case Expr.Name name when name.name().equals("namespace") ->
          "function namespace" + (call.arguments().named().isEmpty() ? "" : "(name=...)");
      case Expr.Name name when Globals.ALL.containsKey(name.name()) ->
          "function " + name.name() + shape;
      case Expr.Name name when name.name().equals("caller") || name.name().equals("loop") ->
          "call of " + name.name();
      case Expr.Attribute attribute
          when attribute.target() instanceof Expr.Name name && name.name().equals("loop") ->
          "call of loop." + attribute.name();
      case Expr.Attribute attribute -> "method " + attribute.name() + shape;
      default -> "call of a variable";
    };
  }

  /** How many arguments, and the names of those that have one; nothing if there are none. */
  private static String shape(Expr.CallArguments arguments) {
    List<String> parts =
        new ArrayList<>(
            IntStream.range(0, arguments.positional().size()).mapToObj(i -> "_").toList());
    parts.addAll(arguments.named().stream().map(named -> named.name() + "=").sorted().toList());
    add(parts, arguments.spreadPositional() != null, "*");
    add(parts, arguments.spreadNamed() != null, "**");
    return parts.isEmpty() ? "" : parts.stream().collect(Collectors.joining(",", "(", ")"));
  }

  private static void add(List<String> parts, boolean present, String part) {
    if (present) {
      parts.add(part);
    }
  }

  private void add(boolean present, String construct) {
    if (present) {
      found.add(construct);
    }
  }

  private static String bound(String name, @Nullable Expr bound) {
    return bound == null ? "" : isNegative(bound) ? "-" + name : name;
  }

  private static boolean isNegative(Expr expression) {
    return expression instanceof Expr.Unary unary && unary.operator() == Expr.UnaryOperator.MINUS;
  }

  private static String literal(Value value) {
    return switch (value) {
      case Value.Str text -> "string";
      case Value.Int number -> "integer";
      case Value.Real number -> "float";
      case Value.Bool flag -> "boolean";
      case Value.None none -> "none";
      default -> value.getClass().getSimpleName();
    };
  }

  private static String word(Enum<?> operator) {
    return operator.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
