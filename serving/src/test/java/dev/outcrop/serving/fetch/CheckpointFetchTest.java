package dev.outcrop.serving.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;

/** What is fetched from a server that speaks S3, through the AWS SDK that the command uses. */
final class CheckpointFetchTest extends FetchTesting {
  @Test
  void bringsAFileOfManyPartsAndOneOfNoneByteByByte() throws Exception {
    byte[] weights = put("model.safetensors", 1_234_567);
    byte[] empty = put("nested/empty.json", 0);
    byte[] exact = put("exact.json", 2 * PART);

    fetch();

    assertThat(read("model.safetensors")).isEqualTo(weights);
    assertThat(read("nested/empty.json")).isEqualTo(empty);
    assertThat(read("exact.json")).isEqualTo(exact);
  }

  @Test
  void leavesNothingBehindButTheFilesAndItsRecord() throws Exception {
    put("config.json", 10);

    fetch();

    try (var files = Files.list(temp.resolve("m"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("config.json", ".outcrop-fetch", ".outcrop-fetch.lock");
    }
  }

  @Test
  void bringsOnlyWhatChangedWhenItRunsAgain() throws Exception {
    put("config.json", 10);
    put("model.safetensors", 300_000);
    fetch();
    byte[] changed = put("config.json", 11);

    fetch();
    fetch();

    assertThat(read("config.json")).isEqualTo(changed);
    assertThat(plans)
        .extracting(plan -> plan.missing().stream().map(CheckpointFetch.RemoteName::name).toList())
        .containsExactly(
            List.of("config.json", "model.safetensors"), List.of("config.json"), List.of());
  }

  @Test
  void bringsAFileAgainThatWasCutOrRemovedOnTheDisk() throws Exception {
    byte[] config = put("config.json", 10);
    byte[] weights = put("model.safetensors", 300_000);
    fetch();
    Files.delete(temp.resolve("m/config.json"));
    Files.write(temp.resolve("m/model.safetensors"), new byte[7]);

    fetch();

    assertThat(read("config.json")).isEqualTo(config);
    assertThat(read("model.safetensors")).isEqualTo(weights);
  }

  @Test
  void leavesOutWeightsThatTheServerDoesNotReadAndSaysSo() throws Exception {
    put("model.safetensors", 10);
    put("pytorch_model.bin", 10);
    put(".cache/x.json", 10);

    fetch();
    assertThat(plans.getFirst().skipped())
        .containsExactlyInAnyOrder("pytorch_model.bin", ".cache/x.json");
    assertThat(temp.resolve("m/pytorch_model.bin")).doesNotExist();

    fetch(s3, CheckpointFetch.Content.ALL);
    assertThat(temp.resolve("m/pytorch_model.bin")).exists();
  }

  @Test
  void bringsABundleWithItsProgramOnceItsManifestIsThere() throws Exception {
    put("config.json", 10);
    byte[] program = put("model.pt", 300_000);
    byte[] weights = put("weights/tp0_sharded_checkpoint.safetensors", 1000);

    assertThatThrownBy(() -> fetch(s3, CheckpointFetch.Content.BUNDLE))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining(
            prefix.uri() + " holds no manifest.json, the last file that a compile job writes");
    assertThat(plans).isEmpty();

    put("manifest.json", 100);
    fetch(s3, CheckpointFetch.Content.BUNDLE);

    assertThat(plans.getFirst().skipped()).isEmpty();
    assertThat(read("model.pt")).isEqualTo(program);
    assertThat(read("weights/tp0_sharded_checkpoint.safetensors")).isEqualTo(weights);
  }

  @Test
  void takesNoObjectOfAPrefixThatOnlyBeginsAlike() throws Exception {
    put("config.json", 10);
    s3.putObject(
        r -> r.bucket("models").key(prefix.key().replace("/", "-other/") + "config.json"),
        RequestBody.fromString("{}"));

    fetch();

    assertThat(plans.getFirst().files()).isEqualTo(1);
  }

  @Test
  void refusesAnEmptyPrefix() {
    assertThatThrownBy(this::fetch)
        .isInstanceOf(OutcropException.class)
        .hasMessage("there is no object below s3://models/refusesAnEmptyPrefix/");
  }

  @Test
  void refusesABucketThatIsNotThere() {
    prefix = Prefix.parse("s3://nowhere/x");

    assertThatThrownBy(this::fetch).hasMessageContaining("cannot list s3://nowhere/x/: HTTP 404");
  }

  @Test
  void refusesAnObjectThatWouldLieOutsideTheFolder() {
    s3.putObject(
        r -> r.bucket("models").key(prefix.key() + "a/../../evil.json"),
        RequestBody.fromString("{}"));

    // Parts of a name that begin with a dot are hidden files and left out; nothing else is there.
    assertThatThrownBy(this::fetch).hasMessageContaining("there is no object below");
    assertThat(temp.resolve("evil.json")).doesNotExist();
    assertThatThrownBy(() -> new RemoteFile("a/../b", "k", 1, "e"))
        .hasMessageContaining("cannot be a file's");
  }

  @Test
  void readsAPrefixWithAndWithoutASlash() {
    assertThat(Prefix.parse("s3://b-1/a/b")).isEqualTo(Prefix.parse("s3://b-1/a/b/"));
    assertThat(Prefix.parse("s3://b-1").key()).isEmpty();
    for (String wrong : List.of("b/a", "https://b/a", "s3://", "s3://B/a", "s3:///a")) {
      assertThatThrownBy(() -> Prefix.parse(wrong))
          .hasMessage("'%s' is not of the form s3://BUCKET/PREFIX".formatted(wrong));
    }
    assertThat(URI.create(prefix.uri()).getScheme()).isEqualTo("s3");
  }
}
