package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outcrop.batching.encode.EncodeBatcher;
import dev.outcrop.batching.encode.EncodeConfig;
import dev.outcrop.serving.config.CatalogConfig;
import dev.outcrop.serving.config.ManagementConfig;
import dev.outcrop.serving.config.ModelConfig;
import dev.outcrop.serving.config.ServingConfig;
import dev.outcrop.serving.embed.ServedEncoder;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.CharText;
import dev.outcrop.serving.testing.RawHttp;
import dev.outcrop.serving.testing.ScriptedBatcher;
import dev.outcrop.serving.testing.ServiceModel;
import dev.outcrop.serving.testing.TestServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrock.BedrockClient;
import software.amazon.awssdk.services.bedrock.model.AgreementStatus;
import software.amazon.awssdk.services.bedrock.model.AuthorizationStatus;
import software.amazon.awssdk.services.bedrock.model.FoundationModelDetails;
import software.amazon.awssdk.services.bedrock.model.FoundationModelLifecycleStatus;
import software.amazon.awssdk.services.bedrock.model.FoundationModelSummary;
import software.amazon.awssdk.services.bedrock.model.GetImportedModelResponse;
import software.amazon.awssdk.services.bedrock.model.GetInferenceProfileResponse;
import software.amazon.awssdk.services.bedrock.model.ImportedModelSummary;
import software.amazon.awssdk.services.bedrock.model.InferenceProfileSummary;
import software.amazon.awssdk.services.bedrock.model.InferenceProfileType;
import software.amazon.awssdk.services.bedrock.model.InferenceType;
import software.amazon.awssdk.services.bedrock.model.ListFoundationModelsRequest;
import software.amazon.awssdk.services.bedrock.model.ModelCustomization;
import software.amazon.awssdk.services.bedrock.model.ModelModality;
import software.amazon.awssdk.services.bedrock.model.ResourceNotFoundException;
import software.amazon.awssdk.services.bedrock.model.SortOrder;
import software.amazon.awssdk.services.bedrock.model.ValidationException;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;

/** The control plane's reads, to the AWS SDK and raw. */
final class ControlPlaneTest {
  private static final String META = "meta.llama3-1-8b-instruct-v1:0";
  private static final String EMBED = "cohere.embed-english-v3";
  private static final String RERANK = "cohere.rerank-v3-5:0";
  private static final String PROFILE =
      "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123def456";
  private static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("any", "any"));

  private static final List<EncodeBatcher> BATCHERS = new ArrayList<>();
  private static OutcropServer server;
  private static BedrockClient client;

  @BeforeAll
  static void start() {
    ModelConfig meta = ModelConfig.of(META, Path.of("nowhere")).called("Llama of ours", "Acme");
    server =
        OutcropServer.start(
            ServingConfig.DEFAULT
                .withHttp(ServingConfig.DEFAULT.http().withPort(0))
                .withManagement(new ManagementConfig("127.0.0.1", 0, null))
                .withModels(List.of(meta))
                .withCatalog(new CatalogConfig("eu-west-1", "123456789012")),
            List.of(
                generator(META, "llama", PROFILE),
                generator("org/My.model"),
                generator("house-model"),
                generator("test-model")),
            List.of(
                new ServedEncoder.Embedder(
                    EMBED, List.of(), batcher(), new CharText(true, Map.of()), 4, 256, 8),
                new ServedEncoder.Reranker(
                    RERANK, List.of(), batcher(), new CharText(true, Map.of()), 8)));
    client =
        BedrockClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.EU_WEST_1)
            .credentialsProvider(CREDENTIALS)
            .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1)))
            .build();
  }

  private static ServedModel generator(String id, String... aliases) {
    return new ServedModel(
        id, List.of(aliases), new ScriptedBatcher(_ -> "hi"), new ByteText(), TestServer.DEFAULTS);
  }

  private static EncodeBatcher batcher() {
    BATCHERS.add(
        EncodeBatcher.start(
            "none", batch -> new float[batch.rows()][1], EncodeConfig.DEFAULT, System::nanoTime));
    return BATCHERS.getLast();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
    BATCHERS.forEach(EncodeBatcher::close);
  }

  private static RawHttp.Response get(String path) throws IOException {
    try (RawHttp http = new RawHttp(server.port())) {
      http.write(RawHttp.request("GET", path, "", ""));
      return http.response();
    }
  }

  @Test
  void listsFoundationModels() throws IOException {
    RawHttp.Response response = get("/foundation-models");

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
    assertThat(client.listFoundationModels(r -> {}).modelSummaries())
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
    return client.listFoundationModels(request.build()).modelSummaries().stream()
        .map(FoundationModelSummary::modelId)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {EMBED, "arn:aws:bedrock:us-west-2::foundation-model/" + EMBED})
  void givesAFoundationModel(String identifier) {
    FoundationModelDetails model =
        client.getFoundationModel(r -> r.modelIdentifier(identifier)).modelDetails();

    assertThat(model.modelId()).isEqualTo(EMBED);
    assertThat(model.providerName()).isEqualTo("Cohere");
    assertThat(model.modelName()).isEqualTo("embed-english");
    assertThat(model.outputModalities()).containsExactly(ModelModality.EMBEDDING);
    assertThat(model.responseStreamingSupported()).isFalse();
    assertThat(model.modelLifecycle().status()).isEqualTo(FoundationModelLifecycleStatus.ACTIVE);
  }

  @Test
  void saysThatModelsAreAvailable() {
    var answer = client.getFoundationModelAvailability(r -> r.modelId(META));

    assertThat(answer.modelId()).isEqualTo(META);
    assertThat(answer.agreementAvailability().status()).isEqualTo(AgreementStatus.AVAILABLE);
    assertThat(answer.authorizationStatus()).isEqualTo(AuthorizationStatus.AUTHORIZED);
    assertThat(answer.entitlementAvailabilityAsString()).isEqualTo("AVAILABLE");
    assertThat(answer.regionAvailabilityAsString()).isEqualTo("AVAILABLE");
  }

  @Test
  void listsInferenceProfilesInPages() {
    List<String> ids = new ArrayList<>();
    List<String> names = new ArrayList<>();
    String token = null;
    do {
      String from = token;
      var page = client.listInferenceProfiles(r -> r.maxResults(2).nextToken(from));
      assertThat(page.inferenceProfileSummaries()).hasSizeBetween(1, 2);
      page.inferenceProfileSummaries().forEach(each -> ids.add(each.inferenceProfileId()));
      page.inferenceProfileSummaries().forEach(each -> names.add(each.inferenceProfileName()));
      token = page.nextToken();
    } while (token != null);

    assertThat(ids)
        .containsExactly(
            "eu." + META,
            "global." + META,
            "eu." + EMBED,
            "global." + EMBED,
            "eu." + RERANK,
            "global." + RERANK,
            "abc123def456");
    assertThat(names).allMatch(name -> name.matches("([0-9a-zA-Z][ _-]?)+"));
    assertThat(
            client
                .listInferenceProfilesPaginator(
                    r -> r.maxResults(1).typeEquals(InferenceProfileType.APPLICATION))
                .inferenceProfileSummaries()
                .stream()
                .map(InferenceProfileSummary::inferenceProfileArn))
        .containsExactly(PROFILE);
  }

  @ParameterizedTest
  @CsvSource({
    "eu.meta.llama3-1-8b-instruct-v1:0, SYSTEM_DEFINED",
    "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.meta.llama3-1-8b-instruct-v1:0, SYSTEM_DEFINED",
    "abc123def456, APPLICATION",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123def456, APPLICATION"
  })
  void givesAnInferenceProfileThatCanBeInvoked(String identifier, String type) {
    GetInferenceProfileResponse profile =
        client.getInferenceProfile(r -> r.inferenceProfileIdentifier(identifier));

    assertThat(profile.typeAsString()).isEqualTo(type);
    assertThat(profile.statusAsString()).isEqualTo("ACTIVE");
    assertThat(profile.createdAt()).isBeforeOrEqualTo(Instant.now());
    assertThat(profile.models())
        .singleElement()
        .satisfies(
            model ->
                assertThat(model.modelArn())
                    .isEqualTo("arn:aws:bedrock:eu-west-1::foundation-model/" + META));
    assertThat(answers(profile.inferenceProfileArn())).isEqualTo("hi");
  }

  private static String answers(String modelId) {
    try (BedrockRuntimeClient runtime =
        BedrockRuntimeClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.EU_WEST_1)
            .credentialsProvider(CREDENTIALS)
            .build()) {
      return runtime
          .converse(
              r ->
                  r.modelId(modelId)
                      .messages(
                          m ->
                              m.role("user")
                                  .content(
                                      software.amazon.awssdk.services.bedrockruntime.model
                                          .ContentBlock.fromText("x"))))
          .output()
          .message()
          .content()
          .getFirst()
          .text();
    }
  }

  @Test
  void listsImportedModels() {
    assertThat(names(client.listImportedModels(r -> {}).modelSummaries()))
        .containsExactlyInAnyOrder("org-My-model", "house-model", "test-model");
    assertThat(
            names(
                client
                    .listImportedModelsPaginator(
                        r -> r.maxResults(1).nameContains("model").sortOrder(SortOrder.ASCENDING))
                    .modelSummaries()
                    .stream()
                    .toList()))
        .containsExactly("house-model", "org-My-model", "test-model");
    assertThat(names(client.listImportedModels(r -> r.nameContains("house")).modelSummaries()))
        .containsExactly("house-model");
    assertThat(
            client
                .listImportedModels(r -> r.creationTimeAfter(Instant.now().plusSeconds(60)))
                .modelSummaries())
        .isEmpty();
    assertThat(
            client
                .listImportedModels(r -> r.creationTimeBefore(Instant.now().plusSeconds(60)))
                .modelSummaries())
        .hasSize(3);
  }

  private static List<String> names(List<ImportedModelSummary> models) {
    return models.stream().map(ImportedModelSummary::modelName).toList();
  }

  @Test
  void givesAnImportedModelThatCanBeInvoked() {
    GetImportedModelResponse model =
        client.getImportedModel(r -> r.modelIdentifier("org-My-model"));

    assertThat(model.modelArn())
        .matches("arn:aws:bedrock:eu-west-1:123456789012:imported-model/[a-z0-9]{12}");
    assertThat(model.instructSupported()).isTrue();
    assertThat(client.getImportedModel(r -> r.modelIdentifier(model.modelArn())).modelName())
        .isEqualTo("org-My-model");
    assertThat(answers(model.modelArn())).isEqualTo("hi");
  }

  @Test
  void refusesWhatIsNotThere() {
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(() -> client.getFoundationModel(r -> r.modelIdentifier("meta.other-v1:0")))
        .withMessageContaining("Could not resolve the foundation model");
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(() -> client.getFoundationModel(r -> r.modelIdentifier("no_model")))
        .withMessageContaining("The provided model identifier is invalid.");
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(() -> client.getFoundationModelAvailability(r -> r.modelId("meta.other-v1:0")));
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(() -> client.getInferenceProfile(r -> r.inferenceProfileIdentifier("us.x")));
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(() -> client.getInferenceProfile(r -> r.inferenceProfileIdentifier("a b")));
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(() -> client.getImportedModel(r -> r.modelIdentifier("other")));
    assertThatExceptionOfType(ValidationException.class)
        .isThrownBy(() -> client.getImportedModel(r -> r.modelIdentifier("a.b")));
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
    RawHttp.Response response = get(path);

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
    RawHttp.Response response = get(path);

    assertThat(response.status()).isEqualTo(200);
    assertThat(ServiceModel.control().problems(shape, new ObjectMapper().readTree(response.text())))
        .isEmpty();
  }

  @Test
  void knowsNothingElseUnderThesePaths() throws IOException {
    assertThat(RawHttp.post(server.port(), "/foundation-models", "{}").status()).isEqualTo(404);
    assertThat(get("/foundation-models/").status()).isEqualTo(404);
    assertThat(get("/custom-models").header("x-amzn-ErrorType"))
        .isEqualTo("UnknownOperationException");
  }
}
