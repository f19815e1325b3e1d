package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be enforced is refused, with the place and the word. */
final class SchemaRefusalTest {
  private static Rule compile(String schema) {
    Budget budget = new Budget(() -> 0, 1, 200_000);
    Rules rules = new Rules(budget);
    Rule rule = SchemaRules.of(schema, false, rules, budget);
    rules.settle();
    return rule;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'not':{'type':'string'}}; at # has 'not'",
        "{'if':{},'then':{}}; has 'if'",
        "{'type':'array','uniqueItems':true}; has 'uniqueItems'",
        "{'type':'array','contains':{}}; has 'contains'",
        "{'type':'object','dependentRequired':{}}; has 'dependentRequired'",
        "{'type':'object','dependentSchemas':{}}; has 'dependentSchemas'",
        "{'properties':{'a/b':{'$dynamicRef':'#x'}}}; at #/properties/a~1b has '$dynamicRef'",
        "{'typ':'string'}; has 'typ'",
        "{'type':'strin'}; has a 'type'",
        "{'type':7}; has a 'type'",
        "{'type':'string','pattern':'(?=a)'}; The pattern '(?=a)'",
        "{'type':'string','pattern':7}; has a 'pattern' that is no string",
        "{'type':'string','format':'iri'}; has the format 'iri'",
        "{'type':'string','minLength':-1}; has a 'minLength'",
        "{'type':'string','minLength':1.5}; has a 'minLength'",
        "{'type':'number','multipleOf':0.123456789}; has a 'multipleOf'",
        "{'type':'number','multipleOf':0}; has a 'multipleOf'",
        "{'type':'number','minimum':1e-300}; has a 'minimum' with more digits",
        "{'type':'number','minimum':'1'}; has a 'minimum' that is no number",
        "{'$ref':'http://example.com/x'}; has a '$ref' that does not point",
        "{'$ref':'#/$defs/x'}; which is not there",
        "{'$ref':'#'}; refers to itself",
        "{'anyOf':[{'$ref':'#'},{'type':'null'}]}; refers to itself",
        "{'oneOf':[{'$ref':'#'},{'type':'null'}]}; refers to itself",
        "{'oneOf':[{'type':'string','minLength':2},{'type':'string','maxLength':3}]}; choices 0 and 1",
        "{'oneOf':[{'type':'integer'},{'type':'number'}]}; cannot be told apart",
        "{'oneOf':[{'type':'string'},{'minLength':1}]}; cannot be told apart",
        "{'oneOf':[{'properties':{'a':{}}},{'properties':{'b':{}}}]}; cannot be told apart",
        "{'anyOf':[]}; has 'anyOf'",
        "{'allOf':{}}; has 'allOf'",
        "{'enum':7}; has an 'enum'",
        "{'required':'a'}; has a 'required'",
        "{'required':[1]}; has a 'required'",
        "{'properties':[]}; has 'properties'",
        "{'items':[{}]}; has 'items' that is no schema",
        "{'prefixItems':{}}; has 'prefixItems'",
        "{'type':'object','unevaluatedProperties':{'type':'null'}}; has 'unevaluatedProperties'",
        "{'type':'object','maxProperties':1,'properties':{'a':{},'b':{}}}; has 'maxProperties'",
        "{'type':'object','minProperties':3}; has 'minProperties'",
        "{'propertyNames':{'anyOf':[{'maxLength':1},{'pattern':'x'}]}}; at #/propertyNames has a choice",
        "7; has to be an object or a boolean",
        "{'properties':{'a':'string'}}; at #/properties/a has to be an object or a boolean",
        "{; is not valid JSON",
        "{} {}; is not valid JSON",
        "{'type':'null','type':'string'}; is not valid JSON",
      })
  void refuses(String schema, String words) {
    assertThatThrownBy(() -> compile(schema.replace('\'', '"')))
        .isInstanceOfSatisfying(
            OutcropException.class, e -> assertThat(e.code()).isEqualTo(ModelError.GRAMMAR_REFUSED))
        .hasMessageContaining(words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "false",
        "{'enum':[]}",
        "{'type':'string','const':7}",
        "{'type':'string','minLength':3,'maxLength':2}",
        "{'type':'string','pattern':'^aaa$','maxLength':2}",
        "{'type':'integer','minimum':3,'maximum':2}",
        "{'type':'integer','multipleOf':7,'minimum':1,'maximum':6}",
        "{'type':'integer','minimum':1e30}",
        "{'type':'array','minItems':2,'maxItems':1}",
        "{'type':'array','items':false,'minItems':1}",
        "{'type':'object','properties':{'a':false},'required':['a']}",
        "{'type':'object','additionalProperties':false,'required':['a']}",
        "{'allOf':[{'type':'string'},{'type':'null'}]}",
        "{'type':'object','properties':{'self':{'$ref':'#'}},'required':['self']}",
        "{'type':'array','items':{'$ref':'#'},'minItems':1}",
      })
  void knowsWhatNothingFulfils(String schema) {
    assertThat(compile(schema.replace('\'', '"')).depth()).isEqualTo(Rule.NEVER);
  }

  @Test
  void annotationsMayStandAnywhere() {
    String schema =
        "{\"$schema\":\"x\",\"$id\":\"y\",\"title\":\"t\",\"description\":\"d\",\"default\":1,"
            + "\"examples\":[1],\"deprecated\":true,\"readOnly\":true,\"x-own\":1,\"$comment\":\"c\"}";

    assertThat(compile(schema)).isSameAs(Rules.ANY);
  }

  @Test
  void refusesMoreBytesThanTheLimit() {
    String schema = "{\"title\":\"" + "é".repeat(40_000) + "\"}";

    assertThatThrownBy(() -> compile(schema))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("more than 65536 bytes");
  }
}
