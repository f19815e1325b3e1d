package dev.outcrop.bench.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Schemas to compile, by name: everyday ones, and large ones of up to 64 KiB. */
final class Schemas {
  /** Never ends within a measurement, and goes through keys, strings, numbers and choices. */
  static final String ENDLESS =
      "{'type':'array','minItems':100000,'items':{'type':'object','properties':{'id':{'type':'integer'},"
          + "'name':{'type':'string','maxLength':24},'kind':{'enum':['new','used','refurbished']},"
          + "'price':{'type':'number','minimum':0},'tags':{'type':'array','items':{'type':'string',"
          + "'pattern':'^[a-z]{2,8}$'},'minItems':1,'maxItems':3},'on':{'type':'boolean'}},"
          + "'required':['id','name','kind','price','tags','on'],'additionalProperties':false}}";

  private Schemas() {}

  static Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("small", "{'type':'object','properties':{'a':{'type':'string'}},'required':['a']}");
    all.put("list", ENDLESS);
    all.put(
        "recursive",
        "{'$ref':'#/$defs/n','$defs':{'n':{'type':'object','properties':{'v':{'type':'integer'},"
            + "'c':{'type':'array','items':{'$ref':'#/$defs/n'}}},'required':['v','c']}}}");
    all.put(
        "formats",
        "{'type':'object','properties':{'u':{'type':'string','format':'uri'},'e':{'type':'string',"
            + "'format':'email'},'t':{'type':'string','format':'date-time'},'i':{'type':'string',"
            + "'format':'ipv6'},'n':{'type':'number','minimum':-1.5,'exclusiveMaximum':1e6}}}");
    all.put("values", "{'enum':[" + many(5_000, "'value-%d'"::formatted) + "]}");
    all.put(
        "members",
        "{'type':'object','properties':{"
            + many(1_500, "'member%d':{'type':'string'}"::formatted)
            + "}}");
    all.put(
        "definitions",
        "{'$ref':'#/$defs/d0','$defs':{"
            + many(
                600,
                i ->
                    "'d%d':{'type':'object','properties':{'a':{'$ref':'#/$defs/d%d'}}}"
                        .formatted(i, i + 1))
            + ",'d600':{'type':'null'}}}");
    all.put(
        "anyOf",
        "{'anyOf':["
            + many(
                400,
                i ->
                    "{'type':'object','properties':{'k':{'const':%d},'v':{'type':'string'}},'required':['k']}"
                        .formatted(i))
            + "]}");
    all.put("exponential pattern", "{'type':'string','pattern':'a.{30}b'}");
    all.replaceAll((name, schema) -> schema.replace('\'', '"'));
    return all;
  }

  private static String many(int count, IntFunction<String> each) {
    return IntStream.range(0, count).mapToObj(each).collect(Collectors.joining(","));
  }
}
