package dev.outcrop.serving.bodies;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.ErrorType;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.LimitsConfig;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.invoke.BodyFormat;
import dev.outcrop.serving.invoke.BodyFormats;
import dev.outcrop.serving.json.Json;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies that are broken somewhere are read or refused, never anything else. */
final class HostileBodiesTest {
  private static final int MUTANTS = 5_000;
  private static final String SECRET = "the caller's own words";

  /** A body of every form with everything in it that the form has, by the model's name. */
  private static final List<Map.Entry<String, String>> BODIES =
      List.of(
          Map.entry("meta.x", "{'prompt':'a','max_gen_len':1,'temperature':1,'top_p':1,'seed':1}"),
          Map.entry("x", "{'prompt':'a','return_logprobs':true,'top_k':1}"),
          Map.entry(
              "mistral.x",
              "{'prompt':'a','max_tokens':1,'stop':['a'],'temperature':1,'top_p':1,'top_k':1}"),
          Map.entry(
              "x",
              "{'prompt':['a'],'max_tokens':1,'stop':['a'],'temperature':1,'top_p':1,'logprobs':1,"
                  + "'presence_penalty':1,'frequency_penalty':1,'seed':1}"),
          Map.entry("deepseek.x", "{'prompt':'a','max_tokens':1,'stop':['a'],'top_p':1}"),
          Map.entry(
              "amazon.x",
              "{'inputText':'a','textGenerationConfig':{'temperature':1,'topP':1,"
                  + "'maxTokenCount':1,'stopSequences':['a']}}"),
          Map.entry(
              "mistral.pixtral-large",
              "{'messages':[{'role':'user','content':'a'},{'role':'assistant','content':'',"
                  + "'tool_calls':[{'id':'a','function':{'name':'f','arguments':'{}'}}]},"
                  + "{'role':'tool','tool_call_id':'a','content':'b'}],'tool_choice':'auto',"
                  + "'tools':[{'type':'function','function':{'name':'f','parameters':{}}}]}"),
          Map.entry(
              "openai.x",
              "{'messages':[{'role':'system','content':[{'type':'text','text':'a'}]},"
                  + "{'role':'user','content':'a'}],'stop':'a','logprobs':true,'top_logprobs':1,"
                  + "'max_completion_tokens':1,'response_format':{'type':'text'}}"),
          Map.entry(
              "anthropic.x",
              "{'anthropic_version':'a','anthropic_beta':['b'],'max_tokens':2000,"
                  + "'system':[{'type':'text','text':'a','cache_control':{'type':'ephemeral'}}],"
                  + "'messages':[{'role':'user','content':'a'},{'role':'assistant','content':"
                  + "[{'type':'thinking','thinking':'a','signature':'b'},{'type':'tool_use','id':'a',"
                  + "'name':'f','input':{'a':1}}]},{'role':'user','content':[{'type':'tool_result',"
                  + "'tool_use_id':'a','content':[{'type':'text','text':'b'}]},{'type':'document',"
                  + "'source':{'type':'text','data':'a'}}]}],'tools':[{'name':'f','description':'a',"
                  + "'input_schema':{'type':'object'}}],'tool_choice':{'type':'auto'},"
                  + "'thinking':{'type':'enabled','budget_tokens':1024},'temperature':1,'top_k':1,"
                  + "'stop_sequences':['a'],'metadata':{'user_id':'a'},'output_config':{'effort':'low'}}"));

  private final Random random = new Random(7);
  private final Json json = new Json(100_000);
  private final BodyFormats formats =
      NativeBodies.all(json, LimitsConfig.DEFAULT, Clock.systemUTC());

  @Test
  void bodiesAreSoundBeforeTheyAreBroken() {
    for (Map.Entry<String, String> body : BODIES) {
      assertThat(read(body.getKey(), parsed(body.getValue()))).as(body.getKey()).isEmpty();
    }
  }

  @Test
  void everyMutantIsReadOrRefusedAsTheCallersFault() {
    int refused = 0;
    for (Map.Entry<String, String> body : BODIES) {
      for (int i = 0; i < MUTANTS; i++) {
        ObjectNode mutant = parsed(body.getValue());
        for (int change = random.nextInt(3); change >= 0; change--) {
          mutate(mutant);
        }
        String message = read(body.getKey(), mutant);
        refused += message.isEmpty() ? 0 : 1;
        assertThat(message).doesNotContain(SECRET);
      }
    }
    assertThat(refused).isBetween(BODIES.size() * MUTANTS / 4, BODIES.size() * MUTANTS - 1);
  }

  /** What a body is refused with, empty where it is read. */
  private String read(String model, ObjectNode body) {
    ServedModel served =
        new ServedModel(
            model, List.of(), new ScriptedBatcher(_ -> ""), new ByteText(), TestServer.DEFAULTS);
    BodyFormat.Target target =
        new BodyFormat.Target(model, TestServer.DEFAULTS, false, 1, "id", null);
    try {
      assertThat(formats.read(body, served, target).generation()).isNotNull();
      return "";
    } catch (OutcropException e) {
      assertThat(e.code().type()).isEqualTo(ErrorType.USER);
      assertThat(e.getMessage()).isNotBlank();
      return e.getMessage();
    }
  }

  private ObjectNode parsed(String body) {
    return json.object(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** Puts something else in the place of a value, leaves it out, or adds another. */
  private void mutate(ObjectNode body) {
    List<JsonNode> containers = new ArrayList<>();
    collect(body, containers);
    switch (containers.get(random.nextInt(containers.size()))) {
      case ObjectNode object -> {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.isEmpty() ? "new" : names.get(random.nextInt(names.size()));
        switch (random.nextInt(4)) {
          case 0 -> object.remove(name);
          case 1 -> object.set("new", value());
          default -> object.set(name, value());
        }
      }
      case ArrayNode array -> {
        if (array.isEmpty() || random.nextBoolean()) {
          array.add(value());
        } else {
          array.set(random.nextInt(array.size()), value());
        }
      }
      default -> throw new IllegalStateException("this holds nothing");
    }
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode()) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }

  private JsonNode value() {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (random.nextInt(13)) {
      case 0 -> nodes.nullNode();
      case 1 -> nodes.booleanNode(random.nextBoolean());
      case 2 -> nodes.numberNode(random.nextLong());
      case 3 -> nodes.numberNode(-1);
      case 4 -> nodes.numberNode(1e300);
      case 5 -> nodes.numberNode(Double.NaN);
      case 6 -> nodes.numberNode(0.5);
      case 7 -> nodes.textNode("");
      case 8 -> nodes.textNode(SECRET);
      case 9 -> nodes.textNode("a");
      case 10 -> nodes.arrayNode().add(nodes.objectNode());
      case 11 -> nodes.arrayNode().add(SECRET);
      default -> nodes.objectNode().put("type", "text");
    };
  }
}
