package dev.outcrop.serving;

import static dev.outcrop.serving.testing.ControlServer.EMBED;
import static dev.outcrop.serving.testing.ControlServer.META;
import static dev.outcrop.serving.testing.ControlServer.NAMESAKE;
import static dev.outcrop.serving.testing.ControlServer.PROFILE;
import static dev.outcrop.serving.testing.ControlServer.RERANK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.serving.testing.ControlServer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.bedrock.model.GetInferenceProfileResponse;
import software.amazon.awssdk.services.bedrock.model.InferenceProfileSummary;
import software.amazon.awssdk.services.bedrock.model.InferenceProfileType;
import software.amazon.awssdk.services.bedrock.model.ResourceNotFoundException;

/** The inference profiles of the control plane, to the AWS SDK. */
final class InferenceProfilesTest {
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
  void listsInferenceProfilesInPages() {
    List<String> ids = new ArrayList<>();
    List<String> names = new ArrayList<>();
    String token = null;
    do {
      String from = token;
      var page = server.client.listInferenceProfiles(r -> r.maxResults(2).nextToken(from));
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
            "abc123def456",
            "abc123def456");
    assertThat(names).allMatch(name -> name.matches("([0-9a-zA-Z][ _-]?)+"));
    assertThat(
            server
                .client
                .listInferenceProfilesPaginator(
                    r -> r.maxResults(1).typeEquals(InferenceProfileType.APPLICATION))
                .inferenceProfileSummaries()
                .stream()
                .map(InferenceProfileSummary::inferenceProfileArn))
        .containsExactly(PROFILE, NAMESAKE);
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
        server.client.getInferenceProfile(r -> r.inferenceProfileIdentifier(identifier));

    assertThat(profile.typeAsString()).isEqualTo(type);
    assertThat(profile.statusAsString()).isEqualTo("ACTIVE");
    assertThat(profile.createdAt()).isBeforeOrEqualTo(Instant.now());
    assertThat(profile.models())
        .singleElement()
        .satisfies(
            model ->
                assertThat(model.modelArn())
                    .isEqualTo("arn:aws:bedrock:eu-west-1::foundation-model/" + META));
    assertThat(server.answers(profile.inferenceProfileArn())).isEqualTo("hi");
  }

  @Test
  void tellsProfilesOfOneIdApartByTheirArns() {
    GetInferenceProfileResponse namesake =
        server.client.getInferenceProfile(r -> r.inferenceProfileIdentifier(NAMESAKE));

    assertThat(namesake.inferenceProfileArn()).isEqualTo(NAMESAKE);
    assertThat(namesake.models().getFirst().modelArn()).contains(":imported-model/");
    assertThat(
            server
                .client
                .getInferenceProfile(r -> r.inferenceProfileIdentifier("abc123def456"))
                .inferenceProfileArn())
        .isEqualTo(PROFILE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "us.x",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/eu." + META,
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/abc123def456",
        "arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/abc123def456"
      })
  void refusesProfilesThatAreNotThere(String identifier) {
    assertThatExceptionOfType(ResourceNotFoundException.class)
        .isThrownBy(
            () -> server.client.getInferenceProfile(r -> r.inferenceProfileIdentifier(identifier)))
        .withMessageContaining("The inference profile does not exist.");
  }
}
