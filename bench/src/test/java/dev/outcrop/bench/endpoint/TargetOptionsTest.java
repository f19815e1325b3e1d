package dev.outcrop.bench.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.serving.client.Authorization;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.IdentityProvider;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;

final class TargetOptionsTest {
  @Command(name = "asks")
  private static final class Asks {
    @Mixin private final TargetOptions options;

    Asks(Map<String, String> environment) {
      options = new TargetOptions(environment);
    }
  }

  private static Target open(Map<String, String> environment, String... arguments)
      throws Exception {
    Asks asks = new Asks(environment);
    new CommandLine(asks).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return asks.options.open();
  }

  private static final Map<String, String> KEYS =
      Map.of("OPENAI_API_KEY", "of-openai\n", "AWS_BEARER_TOKEN_BEDROCK", "of-bedrock");

  private static Map<String, String> headers(
      Map<String, String> environment, String server, Api api, String... more) throws Exception {
    Asks asks = new Asks(environment);
    List<String> arguments = new ArrayList<>(List.of("--target=" + server));
    arguments.addAll(List.of(more));
    new CommandLine(asks)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(arguments.toArray(String[]::new));
    URI uri = URI.create(server);
    return asks.options.authorization(uri, api, null).headers(uri, new byte[0]);
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com/v1, OPENAI, of-openai",
    "https://API.OpenAI.com/v1, OPENAI, of-openai",
    "http://127.0.0.1:8000/v1, OPENAI, of-openai",
    "http://localhost:8000/v1, OPENAI, of-openai",
    "http://[::1]:8000, CONVERSE, of-bedrock",
    "https://bedrock-runtime.us-east-1.amazonaws.com, CONVERSE, of-bedrock",
    "http://api.openai.com/v1, OPENAI,",
    "https://api.openai.com.example.org/v1, OPENAI,",
    "https://example.org/v1, OPENAI,",
    "https://127.0.0.1.example.org, CONVERSE,",
    "http://bedrock-runtime.us-east-1.amazonaws.com, CONVERSE,",
    "https://bedrock-runtime.us-east-1.amazonaws.com.example.org, CONVERSE,",
    "https://bedrock-runtime.us-east-1.amazonaws.com/v1, OPENAI,"
  })
  void showsKeysOfTheEnvironmentOnlyToWhomTheyAreFor(String server, Api api, String key)
      throws Exception {
    assertThat(headers(KEYS, server, api))
        .isEqualTo(key == null ? Map.of() : Map.of("authorization", "Bearer " + key));
  }

  @Test
  void whoSaysHowToAskOrGivesAKeyMeansIt() throws Exception {
    assertThat(headers(KEYS, "http://example.org", Api.OPENAI, "--api=openai"))
        .containsEntry("authorization", "Bearer of-openai");
    assertThat(headers(KEYS, "http://example.org", Api.OPENAI, "--key=mine"))
        .containsEntry("authorization", "Bearer mine");
  }

  @Test
  void neverRepeatsAKeyThatIsNone() {
    assertThatThrownBy(
            () -> headers(Map.of("OPENAI_API_KEY", "sec\nret"), "http://127.0.0.1/v1", Api.OPENAI))
        .isInstanceOf(IOException.class)
        .hasMessage("OPENAI_API_KEY must be plain characters");
    assertThatThrownBy(() -> Authorization.bearer("sec ret"))
        .hasMessage("an API key must be plain characters");
  }

  @ParameterizedTest
  @CsvSource({
    "http://h/v1, OPENAI",
    "http://h/x/v1/, OPENAI",
    "http://h/v1beta,",
    "http://h/v1/model/x,"
  })
  void onlyAWholePathTellsTheApi(URI server, Api api) {
    assertThat(TargetOptions.byPath(server)).isEqualTo(api);
  }

  @Test
  void showsNoMoreOfAnAddressThanItNeeds() {
    assertThat(Address.read("http://user:word@h")).isNull();
    assertThat(Address.refused("http://user:word@h")).doesNotContain("user:", "word@");
    assertThat(Address.read("//h:8081/metrics")).isNull();
    assertThat(Address.read("httpx://h/")).isNull();
    assertThat(Address.shown(URI.create("https://h:1/v1?key=x#y"))).hasToString("https://h:1/v1");
  }

  @ParameterizedTest
  @CsvSource({
    "http://h, /v1/chat/completions",
    "http://h/, /v1/chat/completions",
    "http://h/v1, /v1/chat/completions",
    "http://h/v1/, /v1/chat/completions",
    "http://h/api/v1, /api/v1/chat/completions",
    "http://h/api, /api/v1/chat/completions",
    "http://h/v1/chat/completions, /v1/chat/completions"
  })
  void findsChatCompletions(URI server, String path) {
    assertThat(OpenAiTarget.completions(server).getPath()).isEqualTo(path);
  }

  @Test
  void knowsBedrockByItsName() throws Exception {
    String bedrock = "--target=https://bedrock-runtime.eu-west-1.amazonaws.com";
    try (Target target =
        open(Map.of("AWS_BEARER_TOKEN_BEDROCK", "k"), bedrock, "--model=meta.llama3:0")) {
      assertThat(target.api()).isEqualTo(Api.CONVERSE);
      assertThat(target.model()).isEqualTo("meta.llama3:0");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | {\"data\":[{\"id\":\"a\",\"owned_by\":\"vllm\"}]} | OPENAI",
        "200 | {\"data\":[{\"id\":\"a\",\"owned_by\":\"outcrop\"}]} | CONVERSE",
        "404 | {\"message\":\"no\"} | CONVERSE",
        "200 | <html> | CONVERSE"
      })
  void readsTheListOfModels(int status, String body, Api api) throws Exception {
    ServedModels served = ServedModels.read(status, body);

    assertThat(served.api()).isEqualTo(api);
    assertThat(served.ids()).isEqualTo(body.contains("data") ? List.of("a") : List.of());
  }

  @Test
  void signsAsAwsDoes() {
    AwsCredentialsIdentity identity = AwsCredentialsIdentity.create("AKID", "secret");
    IdentityProvider<AwsCredentialsIdentity> provider =
        new IdentityProvider<>() {
          @Override
          public Class<AwsCredentialsIdentity> identityType() {
            return AwsCredentialsIdentity.class;
          }

          @Override
          public CompletableFuture<AwsCredentialsIdentity> resolveIdentity(
              ResolveIdentityRequest request) {
            return CompletableFuture.completedFuture(identity);
          }
        };
    Signature signature = new Signature("eu-west-1", provider);
    URI uri = URI.create("https://h/model/meta.llama3%3A0/converse-stream");

    Map<String, String> headers = signature.headers(uri, new byte[] {1});

    assertThat(headers.get("Authorization"))
        .startsWith("AWS4-HMAC-SHA256 Credential=AKID/")
        .contains("/eu-west-1/bedrock/aws4_request, SignedHeaders=")
        .containsPattern("Signature=[0-9a-f]{64}");
    assertThat(headers).containsKey("X-Amz-Date");
    assertThat(headers.keySet()).noneMatch(name -> name.equalsIgnoreCase("host"));
    assertThat(signature.headers(uri, new byte[] {2}).get("Authorization"))
        .isNotEqualTo(headers.get("Authorization"));
  }
}
