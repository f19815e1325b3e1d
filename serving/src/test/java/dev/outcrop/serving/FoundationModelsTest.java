package dev.outcrop.serving;

import static dev.outcrop.serving.testing.ControlServer.EMBED;
import static dev.outcrop.serving.testing.ControlServer.META;
import static dev.outcrop.serving.testing.ControlServer.RERANK;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.ControlServer;
import dev.outcrop.serving.testing.RawHttp;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.bedrock.model.AgreementStatus;
import software.amazon.awssdk.services.bedrock.model.AuthorizationStatus;
import software.amazon.awssdk.services.bedrock.model.FoundationModelDetails;
import software.amazon.awssdk.services.bedrock.model.FoundationModelLifecycleStatus;
import software.amazon.awssdk.services.bedrock.model.FoundationModelSummary;
import software.amazon.awssdk.services.bedrock.model.InferenceType;
import software.amazon.awssdk.services.bedrock.model.ListFoundationModelsRequest;
import software.amazon.awssdk.services.bedrock.model.ModelCustomization;
import software.amazon.awssdk.services.bedrock.model.ModelModality;

/** The foundation models of the control plane, to the AWS SDK and raw. */
final class FoundationModelsTest {
  private static ControlServer server;

  @BeforeAll
  static void start() {
    server = new ControlServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void listsFoundationModels() throws IOException {
    RawHttp.Response response = server.get("/foundation-models");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.header("x-amzn-RequestId")).hasSize(36);
    JsonNode models = new ObjectMapper().readTree(response.text()).get("modelSummaries");
    assertThat(models.get(0))
        .hasToString(
            "{\"modelArn\":\"arn:aws:bedrock:eu-west-1::foundation-model/"
                + META
                + "\","
                + "\"modelId\":\""
                + META
                + "\",\"modelName\":\"Llama of ours\","
                + "\"providerName\":\"Acme\",\"inputModalities\":[\"TEXT\"],"
                + "\"outputModalities\":[\"TEXT\"],\"responseStreamingSupported\":true,"
                + "\"customizationsSupported\":[],\"inferenceTypesSupported\":[\"ON_DEMAND\"],"
                + "\"modelLifecycle\":{\"status\":\"ACTIVE\"}}");
    assertThat(server.client.listFoundationModels(r -> {}).modelSummaries())
        .extracting(FoundationModelSummary::modelId)
        .containsExactly(META, EMBED, RERANK);
  }

  @Test
  void filtersFoundationModels() {
    assertThat(ids(ListFoundationModelsRequest.builder().byProvider("cohere")))
        .containsExactly(EMBED, RERANK);
    assertThat(ids(ListFoundationModelsRequest.builder().byProvider("Meta"))).isEmpty();
    assertThat(ids(ListFoundationModelsRequest.builder().byOutputModality(ModelModality.EMBEDDING)))
        .containsExactly(EMBED);
    assertThat(ids(ListFoundationModelsRequest.builder().byOutputModality(ModelModality.TEXT)))
        .containsExactly(META, RERANK);
    assertThat(ids(ListFoundationModelsRequest.builder().byOutputModality(ModelModality.IMAGE)))
        .isEmpty();
    assertThat(ids(ListFoundationModelsRequest.builder().byInferenceType(InferenceType.ON_DEMAND)))
        .hasSize(3);
    assertThat(
            ids(ListFoundationModelsRequest.builder().byInferenceType(InferenceType.PROVISIONED)))
        .isEmpty();
    assertThat(
            ids(
                ListFoundationModelsRequest.builder()
                    .byCustomizationType(ModelCustomization.FINE_TUNING)))
        .isEmpty();
  }

  private static List<String> ids(ListFoundationModelsRequest.Builder request) {
    return server.client.listFoundationModels(request.build()).modelSummaries().stream()
        .map(FoundationModelSummary::modelId)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {EMBED, "arn:aws:bedrock:us-west-2::foundation-model/" + EMBED})
  void givesAFoundationModel(String identifier) {
    FoundationModelDetails model =
        server.client.getFoundationModel(r -> r.modelIdentifier(identifier)).modelDetails();

    assertThat(model.modelId()).isEqualTo(EMBED);
    assertThat(model.providerName()).isEqualTo("Cohere");
    assertThat(model.modelName()).isEqualTo("embed-english");
    assertThat(model.outputModalities()).containsExactly(ModelModality.EMBEDDING);
    assertThat(model.responseStreamingSupported()).isFalse();
    assertThat(model.modelLifecycle().status()).isEqualTo(FoundationModelLifecycleStatus.ACTIVE);
  }

  @Test
  void saysThatModelsAreAvailable() {
    var answer = server.client.getFoundationModelAvailability(r -> r.modelId(META));

    assertThat(answer.modelId()).isEqualTo(META);
    assertThat(answer.agreementAvailability().status()).isEqualTo(AgreementStatus.AVAILABLE);
    assertThat(answer.authorizationStatus()).isEqualTo(AuthorizationStatus.AUTHORIZED);
    assertThat(answer.entitlementAvailabilityAsString()).isEqualTo("AVAILABLE");
    assertThat(answer.regionAvailabilityAsString()).isEqualTo("AVAILABLE");
  }
}
