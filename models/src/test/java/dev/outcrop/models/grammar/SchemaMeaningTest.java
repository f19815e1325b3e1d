package dev.outcrop.models.grammar;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which texts a schema lets come, and which not. */
final class SchemaMeaningTest {
  private static Position start(String schema) {
    Budget budget = new Budget(() -> 0, 1, 200_000);
    Rules rules = new Rules(budget);
    Rule rule = SchemaRules.of(schema.replace('\'', '"'), false, rules, budget);
    rules.settle();
    return Position.start(rule);
  }

  private static boolean allows(String schema, String text) {
    return start(schema).accept(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8)).isEnd();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'type':'object','propertyNames':{'maxLength':3}}; {'abc':1}; {'abcd':1}",
        "{'type':'object','propertyNames':{'minLength':2}}; {'ab':1}; {'a':1}",
        "{'type':'object','propertyNames':false}; {}; {'a':1}",
        "{'type':'object','propertyNames':{'type':'number'}}; {}; {'a':1}",
        "{'type':'object','propertyNames':{'enum':[1,'b']}}; {'b':1}; {'a':1}",
        "{'type':'object','propertyNames':{'enum':['b','long'],'maxLength':3}}; {'b':1}; {'long':1}",
        "{'type':'object','propertyNames':{'minimum':7}}; {'a':1}; {'a':}",
        "{'type':'object','propertyNames':{'maxLength':3},'properties':{'abcd':{},'b':{}}}; {'b':1}; {'abcd':1}",
        "{'type':'object','propertyNames':{'maxLength':3},'properties':{'':{}},'required':['']}; {'':1}; {}",
        "{'type':'object','propertyNames':{'pattern':'b'},'properties':{'\\n':{},'b\\n':{}}}; {'b\\n':1}; {'\\n':1}",
        "{'type':'object','propertyNames':{},'properties':{'\\n':{}},'required':['\\n']}; {'\\n':1}; {}",
        "{'allOf':[{'properties':{'a':{}},'unevaluatedProperties':false}],'properties':{'c':{}}}; {'a':1}; {'c':1}",
        "{'properties':{'c':{}},'$ref':'#/$defs/d','$defs':{'d':{'properties':{'a':{}},'unevaluatedProperties':false}}}; {'a':1}; {'a':1,'c':1}",
        "{'unevaluatedProperties':false,'allOf':[{'properties':{'a':{}}},{'$ref':'#/$defs/d'}],'$defs':{'d':{'properties':{'c':{}}}}}; {'a':1,'c':1}; {'a':1,'d':1}",
        "{'unevaluatedProperties':false,'oneOf':[{'properties':{'k':{'const':1},'a':{}},'required':['k']},{'properties':{'k':{'const':2},'b':{}},'required':['k']}]}; {'k':2,'b':1}; {'k':2,'a':1}",
        "{'unevaluatedProperties':false,'patternProperties':{'^b':{}},'required':['bc']}; {'bc':1}; {}",
        "{'unevaluatedProperties':false,'additionalProperties':{'type':'null'},'required':['b']}; {'b':null}; {'b':1}",
        "{'type':'object','unevaluatedProperties':false,'anyOf':[{'required':['b']},{'properties':{'a':{}}}]}; {'a':1}; {'b':1}",
        "{'type':'object','properties':{'a':{},'b':{'type':'object','properties':{'x':{},'y':{}}}},'enum':[{'b':{'y':1,'x':2},'a':1}]}; {'b':{'y':1,'x':2},'a':1}; {'a':1}",
        "{'type':'object','properties':{'a':{'type':'string'}},'enum':[{'a':1},{'a':'x'}]}; {'a':'x'}; {'a':1}",
        "{'type':'integer','minimum':0,'enum':[1.0,-2.0]}; 1; -2",
        "{'type':'array','items':{'type':'integer'},'const':[1.0,20.0]}; [1,20]; [1]",
        "{'type':'number','minimum':999999999999999999}; 999999999999999999; 999999999999999998",
        "{'type':'number','maximum':999999999999999999}; 999999999999999999; 1e2",
      })
  void allowsOneTextAndNotAnother(String schema, String one, String other) {
    assertThat(allows(schema, one)).as(one).isTrue();
    assertThat(allows(schema, other)).as(other).isFalse();
  }

  @Test
  void anObjectWithThousandsOfMembersCanBeListed() {
    String members =
        IntStream.range(0, 6000)
            .mapToObj(i -> "'%d':1".formatted(i))
            .collect(joining(",", "{", "}"));

    assertThat(allows("{'minProperties':1,'const':%s}".formatted(members), members)).isTrue();
  }

  @Test
  void membersOfAListedObjectAreMatchedInTheOrderOfTheSchema() {
    String schema = "{'properties':{'a':{},'b':{'type':'string'},'c':{}},'enum':[%s]}";
    String all = "{'c':3,'a':1,'b':'2'}";

    assertThat(allows(schema.formatted(all), all)).isTrue();
    assertThat(start(schema.formatted("{'c':3,'a':1,'b':2}")).isDead()).isTrue();
    assertThat(allows(schema.formatted("{}"), "{}")).isTrue();
  }

  @Test
  void whatIsMetDeepInASchemaIsWholeWhereItIsMetNearTheRoot() {
    // "near" is first read at the end of a chain of 58 members, where nothing nests much deeper.
    StringBuilder definitions = new StringBuilder();
    for (int i = 0; i < 58; i++) {
      definitions.append(
          "'d%d':{'properties':{'n':{'$ref':'#/$defs/%s'}}},"
              .formatted(i, i == 57 ? "near" : "d" + (i + 1)));
    }
    String near = "{'a':{'b':{'c':{'d':{'e':1}}}}}";
    String schema =
        "{'properties':{'far':{'$ref':'#/$defs/d0'},'near':{'$ref':'#/$defs/near'}},'$defs':{"
            + definitions
            + "'near':"
            + "{'type':'object','required':['%s'],'properties':{'%s':"
                .repeat(5)
                .formatted("a", "a", "b", "b", "c", "c", "d", "d", "e", "e")
            + "{}"
            + "}}".repeat(5)
            + "}}";

    assertThat(allows(schema, "{'near':" + near + "}")).isTrue();
  }
}
