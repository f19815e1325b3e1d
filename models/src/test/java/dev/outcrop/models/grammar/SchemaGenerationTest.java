package dev.outcrop.models.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever tokens are drawn under a schema's mask, the text is valid for it. */
final class SchemaGenerationTest {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final int RUNS = 12;

  private static final Map<String, Walker> OPEN = new HashMap<>();

  @AfterAll
  static void close() {
    OPEN.values().forEach(Walker::close);
  }

  static Stream<String> schemas() {
    return Stream.of(
        "{}",
        "true",
        "{'type':'object'}",
        "{'type':'string'}",
        "{'type':['string','null','integer']}",
        "{'type':'object','properties':{'name':{'type':'string'},'age':{'type':'integer'}},"
            + "'required':['name','age'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'boolean'},'b':{'type':'null'},'c':{'type':'number'}}}",
        "{'type':'object','properties':{'a':{},'b':{'type':'string'},'c':true},'required':['b']}",
        "{'type':'object','properties':{'a\\\"\\u00e9\\n':{'const':'\\u0001 \\\\'}},'required':['a\\\"\\u00e9\\n']}",
        "{'type':'object','required':['x'],'additionalProperties':{'type':'integer'}}",
        "{'type':'object','properties':{'n':{'type':'string'}},'additionalProperties':{'type':'array'}}",
        "{'type':'object','properties':{'x':{'type':'integer'},'xy':{'type':'string'}},"
            + "'patternProperties':{'^x':{'type':['integer','string'],'maxLength':3}},'additionalProperties':{'type':'null'}}",
        "{'type':'object','patternProperties':{'^[a-c]+$':{'type':'boolean'}},'additionalProperties':false,'minProperties':1}",
        "{'type':'object','propertyNames':{'pattern':'^[a-z]{1,5}$'},'additionalProperties':{'type':'boolean'}}",
        "{'type':'object','properties':{'a':{},'b':{}},'minProperties':1,'additionalProperties':false}",
        "{'type':'object','required':['k'],'additionalProperties':{'type':'null'},'maxProperties':3}",
        "{'type':'array','items':{'type':'integer'},'minItems':2,'maxItems':4}",
        "{'type':'array','prefixItems':[{'type':'string'},{'type':'integer'}],'items':{'type':'boolean'},'minItems':1,'maxItems':5}",
        "{'type':'array','prefixItems':[{'type':'string'},{'type':'null'}],'items':false,'minItems':2}",
        "{'type':'array','prefixItems':[{'type':'string'},{'type':'null'}]}",
        "{'type':'array','maxItems':0}",
        "{'type':'array','items':{'enum':['a','b']},'minItems':3}",
        "{'enum':['red','gr\\u00fcn',7,1.50,null,true,{'a':[1,{}]},[],'\\uD83D\\uDE42']}",
        "{'const':{'x':{'y':[null,'\\t']}}}",
        "{'type':'string','enum':['a',1,'abc',null],'minLength':2}",
        "{'type':'string','minLength':3,'maxLength':5}",
        "{'type':'string','minLength':40}",
        "{'type':'string','maxLength':0}",
        "{'type':'string','pattern':'^[A-Z]{2}-[0-9]{3,}$'}",
        "{'type':'string','pattern':'b+','maxLength':6}",
        "{'type':'string','pattern':'^(a|\\\"|\\\\\\\\|\\n|\\u00e9|\\u4f60)+$','minLength':4,'maxLength':9}",
        "{'type':'string','allOf':[{'pattern':'a'},{'pattern':'b$'}],'maxLength':12}",
        "{'type':'string','format':'date'}",
        "{'type':'string','format':'date-time'}",
        "{'type':'string','format':'time'}",
        "{'type':'string','format':'duration'}",
        "{'type':'string','format':'email'}",
        "{'type':'string','format':'hostname'}",
        "{'type':'string','format':'ipv4'}",
        "{'type':'string','format':'ipv6'}",
        "{'type':'string','format':'uri','maxLength':60}",
        "{'type':'string','format':'uuid'}",
        "{'type':'integer','minimum':-12,'maximum':105}",
        "{'type':'integer','exclusiveMinimum':0,'exclusiveMaximum':3}",
        "{'type':'integer','maximum':-7}",
        "{'type':'integer','minimum':1000000}",
        "{'type':'integer','multipleOf':7,'minimum':10,'maximum':40}",
        "{'type':'number','minimum':0,'maximum':1}",
        "{'type':'number','exclusiveMinimum':-0.75,'maximum':2.5}",
        "{'type':'number','exclusiveMaximum':-3.25}",
        "{'type':'number','minimum':12.34,'exclusiveMaximum':12.4}",
        "{'type':'number','exclusiveMinimum':0,'exclusiveMaximum':0.001}",
        "{'type':'number','exclusiveMaximum':0,'minimum':-1}",
        "{'type':'number','multipleOf':0.01,'minimum':0,'maximum':10}",
        "{'type':'number','multipleOf':2.5,'minimum':-20}",
        "{'type':['integer','string'],'minimum':5,'maxLength':2}",
        "{'anyOf':[{'type':'string','maxLength':3},{'type':'integer'},{'type':'object','properties':{'a':{'type':'null'}},'required':['a']}]}",
        "{'type':'object','properties':{'a':{'type':'string'}},'required':['a'],"
            + "'anyOf':[{'properties':{'b':{'type':'integer'}},'required':['b']},{'properties':{'c':{'type':'null'}},'required':['c']}]}",
        "{'oneOf':[{'type':'string'},{'type':'null'},{'type':'array','items':{'type':'null'}}]}",
        "{'oneOf':[{'type':'object','properties':{'kind':{'const':'cat'},'lives':{'type':'integer'}}},"
            + "{'type':'object','properties':{'kind':{'const':'dog'},'tail':{'type':'boolean'}}}]}",
        "{'oneOf':[{'type':'object','properties':{'a':{'type':'string'}},'required':['a'],'additionalProperties':false},"
            + "{'type':'object','properties':{'b':{'type':'string'}},'required':['b'],'additionalProperties':false}]}",
        "{'allOf':[{'$ref':'#/$defs/base'},{'properties':{'more':{'type':'integer'}},'required':['more']}],"
            + "'$defs':{'base':{'type':'object','properties':{'id':{'type':'string','format':'uuid'}},'required':['id']}}}",
        "{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':{'value':{'type':'integer'},"
            + "'next':{'anyOf':[{'type':'null'},{'$ref':'#/$defs/node'}]}},'required':['value','next'],'additionalProperties':false}}}",
        "{'type':'object','properties':{'children':{'type':'array','items':{'$ref':'#'}}},'required':['children']}",
        "{'$defs':{'a~b/c%':{'type':'boolean'}},'$ref':'#/$defs/a~0b~1c%25'}",
        "{'type':'object','properties':{'list':{'type':'array','items':{'type':'object','properties':"
            + "{'sku':{'type':'string','pattern':'^[A-Z]{3}[0-9]{4}$'},'count':{'type':'integer','minimum':1,'maximum':99},"
            + "'tags':{'type':'array','items':{'enum':['new','used','refurbished']},'maxItems':3}},'required':['sku','count','tags'],"
            + "'additionalProperties':false},'minItems':1,'maxItems':3},'total':{'type':'number','minimum':0}},"
            + "'required':['list','total'],'additionalProperties':false}");
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void everyTextIsValid(String quoted) throws Exception {
    String schema = quoted.replace('\'', '"');
    SchemaChecker checker = new SchemaChecker(MAPPER.readTree(schema));
    for (String name : List.of(Walker.TOKENIZERS)) {
      Walker walker = OPEN.computeIfAbsent(name, Walker::new);
      Grammar grammar = walker.compiler.compile(new Syntax.JsonSchema(schema));
      for (int run = 0; run < RUNS; run++) {
        String text = walker.generate(grammar, new Random(run));
        JsonNode value = MAPPER.readTree(text);
        assertThat(checker.valid(value)).as("%s for %s with %s", text, schema, name).isTrue();
      }
    }
  }
}
