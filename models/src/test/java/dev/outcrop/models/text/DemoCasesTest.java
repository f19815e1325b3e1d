package dev.outcrop.models.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.outcrop.models.engine.Engine;
import dev.outcrop.models.engine.Sampling;
import dev.outcrop.models.engine.StepPlan;
import dev.outcrop.models.engine.StepResult;
import dev.outcrop.models.loading.LoadOptions;
import dev.outcrop.models.loading.LoadedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The demo model gives what transformers gives (models/demo/make_cases.py), token by token. */
final class DemoCasesTest {
  private static final Path DEMO = Path.of("demo");
  private static final int CHUNK = 500;

  private static LoadedModel model;

  @BeforeAll
  static void open() {
    LoadOptions options = new LoadOptions(LoadOptions.Dtype.FLOAT32, 64 << 20, 0, 0);
    model = LoadedModel.open(DEMO.resolve("model"), options);
  }

  @AfterAll
  static void close() {
    model.engine().close();
    model.close();
  }

  static Stream<JsonNode> cases() throws IOException {
    JsonNode all = new ObjectMapper().readTree(DEMO.resolve("cases.json").toFile());
    return StreamSupport.stream(all.spliterator(), false)
        .map(one -> ((ObjectNode) one).put("add_generation_prompt", true));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void answersAsTransformersDoes(JsonNode expected) {
    int[] prompt = model.tokenizer().encode(TemplateCases.render(model.template(), expected));
    assertThat(prompt).isEqualTo(ids(expected.path("prompt_ids")));

    int[] answer = greedy(prompt, expected.path("max_tokens").intValue());

    assertThat(answer).isEqualTo(ids(expected.path("answer_ids")));
    assertThat(text(answer)).isEqualTo(expected.path("answer").textValue());
  }

  private static int[] greedy(int[] prompt, int maxTokens) {
    Engine engine = model.engine();
    StepPlan plan = new StepPlan();
    int[] all = Arrays.copyOf(prompt, prompt.length + maxTokens);
    List<Integer> answer = new ArrayList<>();
    int computed = 0;
    while (answer.size() < maxTokens) {
      int length = prompt.length + answer.size();
      int count = Math.min(CHUNK, length - computed);
      plan.clear();
      plan.row(computed);
      plan.tokens(all, computed, count);
      computed += count;
      plan.segment(0, computed);
      if (computed == length) {
        plan.sample(Sampling.GREEDY, all, prompt.length, length);
      }
      int token = ((StepResult.Sampled) engine.submit(plan).await()).tokens()[0];
      if (computed < length) {
        continue;
      }
      if (IntStream.of(model.stopTokens()).anyMatch(stop -> stop == token)) {
        break;
      }
      answer.add(token);
      all[length] = token;
    }
    return answer.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String text(int[] ids) {
    IncrementalDetokenizer detokenizer = model.tokenizer().detokenizer();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(detokenizer.accept(id));
    }
    return text.append(detokenizer.flush()).toString();
  }

  private static int[] ids(JsonNode ids) {
    return StreamSupport.stream(ids.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
  }
}
