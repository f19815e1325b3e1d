package dev.outcrop.serving.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.batching.SubmitResult;
import dev.outcrop.models.ModelError;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.testing.Await;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is counted: of a batcher that takes half a second, a quarter, and 20 ms for each token. */
final class MetricValuesTest {
  private static final String MODEL = TestServer.MODEL;
  private static final String HI =
      "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]%s}";

  private final TestServer server = new TestServer(request -> "0123456789");
  private int sent;

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void phasesOfARequestAreThoseOfTheEngineAndNotOfItsReader() throws Exception {
    converse("");

    // ten tokens and the stop token, which is a token of the model too
    assertThat(vllm("request_queue_time_seconds_sum")).isEqualTo(0.5);
    assertThat(vllm("request_prefill_time_seconds_sum")).isEqualTo(0.25);
    assertThat(vllm("request_decode_time_seconds_sum")).isEqualTo(0.2);
    assertThat(vllm("request_inference_time_seconds_sum")).isEqualTo(0.45);
    assertThat(vllm("inter_token_latency_seconds_count")).isEqualTo(10);
    assertThat(vllm("inter_token_latency_seconds_bucket", "le=\"0.01\"")).isZero();
    assertThat(vllm("inter_token_latency_seconds_bucket", "le=\"0.025\"")).isEqualTo(10);
    assertThat(vllm("time_per_output_token_seconds_bucket", "le=\"0.025\"")).isEqualTo(10);
    assertThat(vllm("time_per_output_token_seconds_count")).isEqualTo(10);
    assertThat(vllm("request_time_per_output_token_seconds_count")).isEqualTo(1);
    assertThat(vllm("request_time_per_output_token_seconds_bucket", "le=\"0.025\"")).isEqualTo(1);
    assertThat(vllm("e2e_request_latency_seconds_count")).isEqualTo(1);
    assertThat(vllm("time_to_first_token_seconds_count")).isEqualTo(1);
    assertThat(vllm("request_generation_tokens_sum")).isEqualTo(11);
    assertThat(vllm("request_prompt_tokens_sum")).isPositive();
    assertThat(genAi("time_to_first_token_seconds_count", "chat", "aws.bedrock")).isEqualTo(1);
    assertThat(genAi("time_per_output_token_seconds_count", "chat", "aws.bedrock")).isEqualTo(1);
    assertThat(genAi("time_per_output_token_seconds_sum", "chat", "aws.bedrock")).isEqualTo(0.02);
    assertThat(value("outcrop_time_per_output_token_seconds_sum", "model=\"" + MODEL + "\""))
        .isEqualTo(0.02);
  }

  @Test
  void stateOfTheEngineIsReadOnceForAllItsNames() {
    assertThat(vllm("num_requests_waiting")).isZero();
    assertThat(vllm("kv_cache_usage_perc")).isZero();
    assertThat(
            vllm(
                "lora_requests_info",
                "max_lora=\"0\",running_lora_adapters=\"\",waiting_lora_adapters=\"\""))
        .isEqualTo(1);
    assertThat(vllm("cache_config_info", "block_size=\"16\",num_gpu_blocks=\"100\"")).isEqualTo(1);
    assertThat(vllm("prefix_cache_queries_total")).isEqualTo(100);
    assertThat(vllm("prefix_cache_hits_total")).isEqualTo(30);
    assertThat(vllm("prompt_tokens_total")).isEqualTo(100);
    assertThat(vllm("num_preemptions_total")).isEqualTo(2);
    assertThat(vllm("spec_decode_num_draft_tokens_total")).isEqualTo(40);
    assertThat(vllm("spec_decode_num_accepted_tokens_total")).isEqualTo(25);
    assertThat(value("outcrop_knee", "model=\"" + MODEL + "\"")).isEqualTo(48);
  }

  @Test
  void requestsEndByAStopALengthAnErrorOrTheirClient() throws Exception {
    assertThat(success("stop")).isZero();
    converse("");
    converse(",\"inferenceConfig\":{\"maxTokens\":3}");
    server.batcher.hold = true;
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(RawHttp.request("POST", "/model/demo/converse-stream", HI.formatted(""), ""));
      Await.until(() -> server.batcher.open() == 1);
    }
    Await.until(() -> success("abort") == 1);
    server.batcher.hold = false;
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
    converse("");

    assertThat(success("stop")).isEqualTo(1);
    assertThat(success("length")).isEqualTo(1);
    assertThat(success("error")).isEqualTo(1);
    assertThat(vllm("request_decode_time_seconds_count")).as("of completed ones").isEqualTo(2);
    assertThat(vllm("request_generation_tokens_sum")).isEqualTo(11 + 3);
  }

  @Test
  void durationsNameTheErrorThatARequestEndedWith() throws Exception {
    converse("");
    post("/model/demo/converse", "{}");
    post("/model/nobody.knows-v1:0/converse", HI.formatted(""));
    server.batcher.refusal =
        new SubmitResult.Rejected(SubmitResult.Reason.OVERLOADED, "full", Duration.ofSeconds(1));
    converse("");
    chat();
    server.batcher.refusal = null;
    server.batcher.failure = new OutcropException(ModelError.STEP_FAILED, "x");
    server.batcher.failAfter = 2;
    post("/model/demo/converse-stream", HI.formatted(""));
    post("/model/demo/count-tokens", "{}");

    assertThat(duration("chat", "aws.bedrock", MODEL, "")).isEqualTo(1);
    assertThat(duration("chat", "aws.bedrock", MODEL, "ValidationException")).isEqualTo(1);
    assertThat(duration("chat", "aws.bedrock", "", "ValidationException")).isEqualTo(1);
    assertThat(duration("chat", "aws.bedrock", MODEL, "ThrottlingException")).isEqualTo(1);
    assertThat(duration("chat", "openai", MODEL, "ThrottlingException")).isEqualTo(1);
    assertThat(duration("chat", "aws.bedrock", MODEL, "InternalServerException"))
        .as("of a stream that failed")
        .isEqualTo(1);
    assertThat(occurrences("gen_ai_server_request_duration_seconds_count{")).isEqualTo(6);
  }

  @Test
  void tokensAreCountedByTheApiAndTheFeatureThatTheyAreFor() throws Exception {
    converse(",\"requestMetadata\":{\"feature\":\"search\",\"team\":\"x\"}");
    converse("");
    post(
        "/v1/chat/completions",
        "{\"model\":\"demo\",\"metadata\":{\"feature\":\"help\"},\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          RawHttp.request(
              "POST",
              "/model/demo/invoke",
              "{\"prompt\":\"hi\",\"max_gen_len\":20}",
              "X-Amzn-Bedrock-Request-Metadata: {\"feature\":\"mail\"}\r\n"));
      http.response();
      sent++;
    }

    assertThat(completionTokens("converse", "search")).isEqualTo(11);
    assertThat(completionTokens("converse", "")).isEqualTo(11);
    assertThat(completionTokens("chat", "help")).isEqualTo(11);
    assertThat(completionTokens("invoke", "mail")).isEqualTo(11);
  }

  @Test
  void clientsCannotMakeThePageLongerAndLonger() throws Exception {
    for (int i = 0; i < OutcropSeries.MOST_FEATURES; i++) {
      converse(",\"requestMetadata\":{\"feature\":\"feature-%d\"}".formatted(i));
      page(); // waits until it is counted: a request may be before the one before it
    }
    post("/path-1", "x");
    post("/model/some.model-v1:0/converse", HI.formatted(""));
    converse(",\"requestMetadata\":{\"feature\":\"one-more\"}");
    List<String> series = series();

    for (int i = 0; i < 50; i++) {
      converse(",\"requestMetadata\":{\"feature\":\"too-many-%d\"}".formatted(i));
      post("/path-" + i, "x");
      post("/model/a.model-%d/converse".formatted(i), HI.formatted(""));
    }

    assertThat(series()).isEqualTo(series);
    int own = OutcropSeries.MOST_FEATURES / 2; // it leaves as many to other tenants
    assertThat(completionTokens("converse", "feature-" + (own - 1))).isEqualTo(11);
    assertThat(completionTokens("converse", "other")).isEqualTo((own + 51) * 11);
  }

  private void post(String path, String body) throws Exception {
    RawHttp.post(server.server.port(), path, body);
    sent++;
  }

  private String page() {
    try {
      return server.metrics(sent);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void converse(String more) throws Exception {
    post("/model/demo/converse", HI.formatted(more));
  }

  private void chat() throws Exception {
    post(
        "/v1/chat/completions",
        "{\"model\":\"demo\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
  }

  private double completionTokens(String api, String feature) {
    return value(
        "outcrop_feature_tokens_total",
        "model=\"%s\",api=\"%s\",feature=\"%s\",kind=\"completion\""
            .formatted(MODEL, api, feature));
  }

  private double success(String reason) {
    return vllm("request_success_total", "finished_reason=\"" + reason + "\"");
  }

  private double duration(String work, String provider, String model, String error) {
    return value(
        "gen_ai_server_request_duration_seconds_count",
        "gen_ai_operation_name=\"%s\",gen_ai_provider_name=\"%s\",gen_ai_request_model=\"%s\",error_type=\"%s\""
            .formatted(work, provider, model, error));
  }

  private double genAi(String name, String work, String provider) {
    return value(
        "gen_ai_server_" + name,
        "gen_ai_operation_name=\"%s\",gen_ai_provider_name=\"%s\",gen_ai_request_model=\"%s\""
            .formatted(work, provider, MODEL));
  }

  private double vllm(String name) {
    return value("vllm:" + name, "model_name=\"" + MODEL + "\"");
  }

  private double vllm(String name, String labels) {
    return value("vllm:" + name, "model_name=\"" + MODEL + "\"," + labels);
  }

  private double value(String name, String labels) {
    String page = page();
    Matcher line =
        Pattern.compile(Pattern.quote("\n" + name + "{" + labels + ",} ") + "(.*)\n").matcher(page);
    assertThat(line.find()).as("%s{%s} in %s", name, labels, page).isTrue();
    return Double.parseDouble(line.group(1));
  }

  private List<String> series() {
    return page()
        .lines()
        .map(line -> line.replaceFirst("} .*", "}"))
        .filter(line -> line.contains("{"))
        .toList();
  }

  private long occurrences(String text) {
    return page().lines().filter(line -> line.startsWith(text)).count();
  }
}
