package dev.outcrop.models.jinja;

import java.util.HashMap;
import java.util.Map;

/** The filters by name. */
final class Filters {
  /** A filter: works on any kind of input that Python would take. */
  interface Filter {
    Value apply(Value input, Arguments arguments, Evaluator evaluator);
  }

  static final Map<String, Filter> ALL = all();

  private Filters() {}

  private static Map<String, Filter> all() {
    Map<String, Filter> all = new HashMap<>();
    all.put("trim", TextFilters::trim);
    all.put("upper", TextFilters::upper);
    all.put("lower", TextFilters::lower);
    all.put("capitalize", TextFilters::capitalize);
    all.put("title", TextFilters::title);
    all.put("replace", TextFilters::replace);
    all.put("indent", TextFilters::indent);
    all.put("truncate", TextFilters::truncate);
    all.put("center", TextFilters::center);
    all.put("wordcount", TextFilters::wordcount);
    all.put("format", TextFilters::format);
    all.put("safe", TextFilters::safe);
    all.put("e", TextFilters::escape);
    all.put("escape", TextFilters::escape);
    all.put("forceescape", TextFilters::forceEscape);
    all.put("string", TextFilters::string);
    all.put("tojson", ValueFilters::toJson);
    all.put("default", ValueFilters::orDefault);
    all.put("d", ValueFilters::orDefault);
    all.put("int", ValueFilters::toInt);
    all.put("float", ValueFilters::toFloat);
    all.put("abs", ValueFilters::abs);
    all.put("round", ValueFilters::round);
    all.put("length", ValueFilters::length);
    all.put("count", ValueFilters::length);
    all.put("attr", ValueFilters::attribute);
    all.put("items", ValueFilters::items);
    all.put("dictsort", ValueFilters::dictSort);
    all.put("join", ListFilters::join);
    all.put("first", ListFilters::first);
    all.put("last", ListFilters::last);
    all.put("list", ListFilters::list);
    all.put("reverse", ListFilters::reverse);
    all.put("sort", ListFilters::sort);
    all.put("unique", ListFilters::unique);
    all.put("batch", ListFilters::batch);
    all.put("slice", ListFilters::slice);
    all.put("sum", ListFilters::sum);
    all.put("min", (input, arguments, e) -> ListFilters.extreme("min", input, arguments, e));
    all.put("max", (input, arguments, e) -> ListFilters.extreme("max", input, arguments, e));
    all.put("map", SelectFilters::map);
    all.put("groupby", SelectFilters::groupBy);
    all.put("select", (input, a, e) -> SelectFilters.select("select", input, a, e));
    all.put("reject", (input, a, e) -> SelectFilters.select("reject", input, a, e));
    all.put("selectattr", (input, a, e) -> SelectFilters.select("selectattr", input, a, e));
    all.put("rejectattr", (input, a, e) -> SelectFilters.select("rejectattr", input, a, e));
    return Map.copyOf(all);
  }
}
