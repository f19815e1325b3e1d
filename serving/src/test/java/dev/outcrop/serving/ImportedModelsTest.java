package dev.outcrop.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outcrop.serving.testing.ControlServer;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.bedrock.model.GetImportedModelResponse;
import software.amazon.awssdk.services.bedrock.model.ImportedModelSummary;
import software.amazon.awssdk.services.bedrock.model.SortOrder;

/**
 * The imported models of the control plane, to the AWS SDK. A folder that is named as it came is
 * one.
 */
final class ImportedModelsTest {
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
  void listsImportedModels() {
    assertThat(names(server.client.listImportedModels(r -> {}).modelSummaries()))
        .containsExactlyInAnyOrder(
            "org-My-model", "house-model", "test-model", "llama-3-1-8b-instruct");
    assertThat(
            names(
                server
                    .client
                    .listImportedModelsPaginator(
                        r -> r.maxResults(1).nameContains("model").sortOrder(SortOrder.ASCENDING))
                    .modelSummaries()
                    .stream()
                    .toList()))
        .containsExactly("house-model", "org-My-model", "test-model");
    assertThat(
            names(server.client.listImportedModels(r -> r.nameContains("house")).modelSummaries()))
        .containsExactly("house-model");
    assertThat(
            server
                .client
                .listImportedModels(r -> r.creationTimeAfter(Instant.now().plusSeconds(60)))
                .modelSummaries())
        .isEmpty();
    assertThat(
            server
                .client
                .listImportedModels(r -> r.creationTimeBefore(Instant.now().plusSeconds(60)))
                .modelSummaries())
        .hasSize(4);
  }

  private static List<String> names(List<ImportedModelSummary> models) {
    return models.stream().map(ImportedModelSummary::modelName).toList();
  }

  @Test
  void givesAnImportedModelThatCanBeInvoked() {
    GetImportedModelResponse model =
        server.client.getImportedModel(r -> r.modelIdentifier("org-My-model"));

    assertThat(model.modelArn())
        .matches("arn:aws:bedrock:eu-west-1:123456789012:imported-model/[a-z0-9]{12}");
    assertThat(model.instructSupported()).isTrue();
    assertThat(server.client.getImportedModel(r -> r.modelIdentifier(model.modelArn())).modelName())
        .isEqualTo("org-My-model");
    assertThat(server.answers(model.modelArn())).isEqualTo("hi");
  }
}
