package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.serving.testing.ControlServer;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ServiceModel;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.bedrock.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrock.model.ValidationException;

/** What the control plane's reads refuse, and that they answer as their service model says. */
final class ControlPlaneTest {
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
  void refusesWhatIsNotThere() {
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(
            () -> server.client.getFoundationModel(r -> r.modelIdentifier("meta.other-v1:0")))
        .withMessageContaining("Could not resolve the foundation model");
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(() -> server.client.getFoundationModel(r -> r.modelIdentifier("no_model")))
        .withMessageContaining("The provided model identifier is invalid.");
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(
            () -> server.client.getFoundationModelAvailability(r -> r.modelId("meta.other-v1:0")));
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(
            () -> server.client.getInferenceProfile(r -> r.inferenceProfileIdentifier("a b")));
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(() -> server.client.getImportedModel(r -> r.modelIdentifier("other")));
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(() -> server.client.getImportedModel(r -> r.modelIdentifier("a.b")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /foundation-models?byOutputModality=VIDEO   | Value at 'byOutputModality' failed to satisfy constraint: Member must satisfy enum value set
          /foundation-models?byInferenceType=x        | Value at 'byInferenceType'
          /foundation-models?byCustomizationType=x    | Value at 'byCustomizationType'
          /foundation-models?byProvider=%26           | Value at 'byProvider'
          /inference-profiles?type=x                  | Value at 'type'
          /inference-profiles?maxResults=0            | Value at 'maxResults' failed to satisfy constraint: Member must have value between 1 and 1000
          /inference-profiles?maxResults=1001         | Value at 'maxResults'
          /inference-profiles?maxResults=x            | Value at 'maxResults'
          /inference-profiles?nextToken=x             | The provided nextToken is invalid.
          /imported-models?creationTimeAfter=soon     | Value at 'creationTimeAfter'
          /imported-models?sortBy=Name                | Value at 'sortBy'
          /imported-models?sortOrder=up               | Value at 'sortOrder'
          /imported-models?nameContains=a.b           | Value at 'nameContains'
          /foundation-models/%C3%28                   | The provided model identifier is invalid.
          """)
  void refusesBrokenQueries(String path, String message) throws IOException {
    RawHttp.Response response = server.get(path);

    assertThat(response.status()).as(response.text()).isEqualTo(400);
    assertThat(response.header("x-amzn-ErrorType")).isEqualTo("ValidationException");
    assertThat(response.text()).contains(message);
  }

  /** Types, required members, patterns and lengths as the service model publishes them. */
  @ParameterizedTest
  @CsvSource({
    "/foundation-models,                          ListFoundationModelsResponse",
    "/foundation-models/cohere.embed-english-v3,  GetFoundationModelResponse",
    "/foundation-model-availability/cohere.rerank-v3-5%3A0, GetFoundationModelAvailabilityResponse",
    "/inference-profiles?maxResults=2,            ListInferenceProfilesResponse",
    "/inference-profiles/abc123def456,            GetInferenceProfileResponse",
    "/imported-models?maxResults=1,               ListImportedModelsResponse",
    "/imported-models/house-model,                GetImportedModelResponse"
  })
  void answersAsTheServiceModelSays(String path, String shape) throws IOException {
    RawHttp.Response response = server.get(path);

    assertThat(response.status()).isEqualTo(200);
    assertThat(ServiceModel.control().problems(shape, new ObjectMapper().readTree(response.text())))
        .isEmpty();
  }

  @Test
  void knowsNothingElseUnderThesePaths() throws IOException {
    assertThat(RawHttp.post(server.port(), "/foundation-models", "{}").status()).isEqualTo(404);
    assertThat(server.get("/foundation-models/").status()).isEqualTo(404);
    assertThat(server.get("/custom-models").header("x-amzn-ErrorType"))
        .isEqualTo("UnknownOperationException");
  }
}
