package dev.outcrop.bench.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
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
