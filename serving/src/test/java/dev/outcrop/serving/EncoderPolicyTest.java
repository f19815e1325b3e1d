package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.config.AuthConfig;
import dev.outcrop.serving.testing.EncoderServer;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.Signer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the policy file allows of embeddings, rerankers and the control plane. */
final class EncoderPolicyTest {
  private static final String RERANK =
      "{'queries':[{'type':'TEXT','textQuery':{'text':'q'}}],'sources':[{'type':'INLINE',"
          + "'inlineDocumentSource':{'type':'TEXT','textDocument':{'text':'d'}}}],"
          + "'rerankingConfiguration':{'type':'BEDROCK_RERANKING_MODEL',"
          + "'bedrockRerankingConfiguration':{'modelConfiguration':{'modelArn':'rank'}}}}";

  @TempDir private Path folder;
  private EncoderServer server;

  @BeforeEach
  void start() throws IOException {
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants: [{id: t}]
            principals:
              - {id: own, tenant: t, models: [own], api-keys: [{sha256: %s}]}
              - {id: little, tenant: t, models: ["*"], quota: {tokens-per-minute: 10}, api-keys: [{sha256: %s}]}
            """
                .formatted(Signer.sha256("k-own"), Signer.sha256("k-little")));
    server = new EncoderServer(64, config -> config.withAuth(AuthConfig.policy(policy)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private RawHttp.Response send(String method, String path, String key, String body)
      throws IOException {
    try (RawHttp http = new RawHttp(server.server.port())) {
      http.write(
          RawHttp.request(
              method, path, body.replace('\'', '"'), "Authorization: Bearer " + key + "\r\n"));
      return http.response();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /model/own/invoke                     | {'inputText':'a'}                      | 200
          /model/cohere.embed-v4%3A0/invoke     | {'inputText':'a'}                      | 200
          /v1/embeddings                        | {'model':'own','input':'a'}            | 200
          /model/rank/invoke                    | {'query':'q','documents':['d']}        | 403
          /model/amazon.rerank-v1%3A0/invoke    | {'query':'q','documents':['d']}        | 403
          """)
  void asksForThePermissionOfTheModel(String path, String body, int status) throws IOException {
    assertThat(send("POST", path, "k-own", body.strip()).status()).isEqualTo(status);
    assertThat(send("POST", "/rerank", "k-own", RERANK).header("x-amzn-ErrorType"))
        .isEqualTo("AccessDeniedException");
    assertThat(send("POST", "/rerank", "k-little", RERANK).status()).isEqualTo(200);
    assertThat(server.scored.get()).isEqualTo(1);
  }

  @Test
  void countsTokens() throws IOException {
    assertThat(
            send("POST", "/v1/embeddings", "k-little", "{'model':'own','input':'abcde'}").status())
        .isEqualTo(200);
    RawHttp.Response refused =
        send("POST", "/model/own/invoke", "k-little", "{'inputText':'abcde'}");

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.header("x-amzn-ErrorType")).isEqualTo("ThrottlingException");
    assertThat(refused.header("Retry-After")).matches("\\d+");
    assertThat(refused.text()).contains("Too many tokens, please wait before trying again.");
  }

  @Test
  void saysWhichModelsMayBeCalled() throws IOException {
    assertThat(availability("cohere.embed-v4%3A0"))
        .contains("\"authorizationStatus\":\"AUTHORIZED\"");
    assertThat(availability("amazon.rerank-v1%3A0"))
        .contains("\"authorizationStatus\":\"NOT_AUTHORIZED\"");
  }

  private String availability(String id) throws IOException {
    return send("GET", "/foundation-model-availability/" + id, "k-own", "").text();
  }
}
