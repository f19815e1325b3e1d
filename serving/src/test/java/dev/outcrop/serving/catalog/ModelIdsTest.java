package dev.outcrop.serving.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.outcrop.models.ErrorCode;
import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.error.ServingError;
import dev.outcrop.serving.generate.SamplingDefaults;
import dev.outcrop.serving.generate.ServedModel;
import dev.outcrop.serving.testing.ByteText;
import dev.outcrop.serving.testing.ScriptedBatcher;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelIdsTest {
  private static final String META = "meta.llama3-1-8b-instruct-v1:0";
  private static final String PROFILE =
      "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456";
  private static final ModelIds IDS =
      new ModelIds(
          List.of(
              model(META, PROFILE),
              model("org/name", "house"),
              model("eu.own-name", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine")),
          List.of());

  private static ServedModel model(String id, String... aliases) {
    return new ServedModel(
        id,
        Arrays.asList(aliases),
        new ScriptedBatcher(_ -> ""),
        new ByteText(),
        new SamplingDefaults(1, 0, 1, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        META,
        "us." + META,
        "eu." + META,
        "apac." + META,
        "us-gov." + META,
        "global." + META,
        "arn:aws:bedrock:us-east-1::foundation-model/" + META,
        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/" + META,
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us." + META,
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global." + META,
        "arn:aws:bedrock:us-east-1::inference-profile/" + META,
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/" + META,
        PROFILE
      })
  void findsAModelByEachOfItsNames(String id) {
    assertThat(IDS.find(id).id()).isEqualTo(META);
    assertThat(IDS.resolve(id).id()).as("raw").isEqualTo(META);
    assertThat(IDS.resolve(URLEncoder.encode(id, StandardCharsets.UTF_8)).id())
        .as("percent-encoded")
        .isEqualTo(META);
  }

  @Test
  void findsWhatIsNoFoundationModel() {
    String code = ImportedId.of("org/name");
    assertThat(code).matches("[a-z0-9]{12}");
    assertThat(IDS.find("org/name").id()).isEqualTo("org/name");
    assertThat(IDS.find("house").id()).isEqualTo("org/name");
    assertThat(IDS.find("arn:aws:bedrock:eu-west-1:123456789012:imported-model/" + code).id())
        .isEqualTo("org/name");
    assertThat(IDS.find("arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine").id())
        .isEqualTo("eu.own-name");
    assertThat(IDS.find("eu.own-name").id()).isEqualTo("eu.own-name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "does-not-exist",
        "meta.other-v1:0",
        "us.us." + META,
        "xx." + META,
        "own-name",
        "arn:aws:bedrock:us-east-1::foundation-model/us." + META,
        "arn:aws:bedrock:us-east-1::foundation-model/meta.other-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.other-v1:0",
        "arn:aws:s3:us-east-1:123456789012:foundation-model/" + META,
        "arn:aws:bedrock:us-east-1:12345678901234:foundation-model/" + META,
        "META.LLAMA3-1-8B-INSTRUCT-V1:0"
      })
  void refusesWhatMeansNoModelInBedrocksWords(String id) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> IDS.find(id))
        .withMessage("The provided model identifier is invalid.")
        .extracting(OutcropException::code)
        .isEqualTo((ErrorCode) ServingError.MODEL_ID_INVALID);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdefghij12",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghij12",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghij12",
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/meta.x/abcdefghij12",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/other"
      })
  void doesNotFindResourcesOfTheAccount(String id) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> IDS.find(id))
        .extracting(OutcropException::code)
        .isEqualTo((ErrorCode) ServingError.MODEL_UNKNOWN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%2", "%zz", "a%ff", "%c3%28", "%252e"})
  void decodesOnceAndStrictly(String raw) {
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> IDS.resolve(raw))
        .withMessage("The provided model identifier is invalid.");
  }

  @Test
  void refusesIdsThatAreTooLong() {
    String id = "arn:aws:bedrock:us-east-1::foundation-model/" + "a/".repeat(1_100) + META;
    assertThatExceptionOfType(OutcropException.class).isThrownBy(() -> IDS.find(id));
  }

  @Test
  void refusesAnIdOfTwoModels() {
    List<ServedModel> models = List.of(model("a", "c"), model("b", "c"));
    assertThatExceptionOfType(OutcropException.class)
        .isThrownBy(() -> new ModelIds(models, List.of()))
        .withMessage("the model id c is taken twice: by a and by b");
  }
}
