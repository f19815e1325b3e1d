package dev.outcrop.serving.batchjobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Only what the operator allows. */
final class LocationsTest {
  private final Locations locations =
      new Locations(
          List.of(
              "file:///srv/jobs/{tenant}",
              "file:///srv/shared/",
              "s3://bucket-{tenant}",
              "s3://common/in/out"),
          Path.of("/var/state"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///srv/jobs/acme",
        "file:///srv/jobs/acme/a.jsonl",
        "file:///srv/shared/deep/er/",
        "s3://bucket-acme",
        "s3://bucket-acme/any/key.jsonl",
        "s3://common/in/out/a.jsonl"
      })
  void allowsWhatLiesInALocation(String uri) {
    assertThat(locations.place(uri, "acme").uri()).isEqualTo(uri);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///srv/jobs",
        "file:///srv/jobs/other/a.jsonl",
        "file:///srv/jobs/acme2/a.jsonl",
        "file:///srv/jobs/acme/../other/a.jsonl",
        "file:///srv/jobs/acme/%2e%2e/other/a.jsonl",
        "file:///srv/jobs/acme/%2E./other/a.jsonl",
        "file:///srv/shared/..%2fjobs",
        "file:///srv/shared/a%00.jsonl",
        "file:///etc/passwd",
        "file://host/srv/shared/a.jsonl",
        "file:/srv/shared/a.jsonl",
        "file:///srv/shared/a.jsonl?x",
        "file:///srv/shared/a.jsonl#x",
        "file:///srv/shared/a b",
        "s3://bucket-other/a.jsonl",
        "s3://common/in/outer/a.jsonl",
        "s3://common/in/out/../../secret",
        "s3://common",
        "s3://Bucket-acme/a",
        "s3://bucket-acme/a?b",
        "http://bucket-acme/a",
        "/srv/shared/a.jsonl",
        ""
      })
  void refusesEverythingElse(String uri) {
    assertThatThrownBy(() -> locations.place(uri, "acme"))
        .isInstanceOf(OutcropException.class)
        .hasMessageNotContaining("/var/state");
  }

  @Test
  void allowsNothingByDefault() {
    Locations none = new Locations(List.of(), Path.of("/var/state"));
    assertThatThrownBy(() -> none.place("file:///srv/a.jsonl", "acme"))
        .hasMessageContaining("batch-jobs.locations");
    assertThatThrownBy(() -> none.place("s3://bucket/a.jsonl", "acme"))
        .hasMessageContaining("batch-jobs.locations");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///var/state",
        "file:///var/state/deeper",
        "file:///var",
        "file:///",
        "file:///var/{tenant}",
        "file:///srv/../var/state"
      })
  void keepsTheStateOfJobsOutOfThem(String location) {
    assertThatThrownBy(() -> new Locations(List.of(location), Path.of("/var/state")))
        .hasMessageContaining("batch-jobs.folder");
  }
}
