package dev.outcrop.serving.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The folder that is fetched into, and what is in it already. */
final class FetchFolderTest extends FetchTesting {
  @Test
  void refusesAFolderThatHoldsAnotherCheckpoint() throws Exception {
    put("config.json", 10);
    fetch();
    prefix = Prefix.parse("s3://models/another");
    put("config.json", 12);

    assertThatThrownBy(this::fetch)
        .hasMessageContaining(
            "holds what was fetched from s3://models/refusesAFolderThatHoldsAnotherCheckpoint/");
  }

  @Test
  void fetchesAllAgainWhereItsRecordWasLost() throws Exception {
    byte[] config = put("config.json", 10);
    fetch();
    Files.write(temp.resolve("m/.outcrop-fetch"), new byte[0]);

    fetch();
    fetch();

    assertThat(read("config.json")).isEqualTo(config);
    assertThat(plans).extracting(plan -> plan.missing().size()).containsExactly(1, 1, 0);
  }

  @Test
  void refusesAFolderWithFilesOfOthers() throws Exception {
    put("config.json", 10);
    Files.createDirectories(temp.resolve("m"));
    Files.writeString(temp.resolve("m/config.json"), "mine");

    assertThatThrownBy(this::fetch).hasMessageContaining("holds files that were not fetched");
    assertThat(temp.resolve("m/config.json")).hasContent("mine");
  }

  @Test
  void removesWhatAFetchThatWasKilledLeftBehind() throws Exception {
    put("config.json", 10);
    put("nested/a.json", 10);
    fetch();
    Path same = Files.write(temp.resolve("m/.model.safetensors.part"), new byte[100]);
    Path gone = Files.write(temp.resolve("m/nested/.gone.json.part"), new byte[100]);
    byte[] weights = put("model.safetensors", 300_000);

    new CheckpointFetch(s3, prefix, temp.resolve("m"), CheckpointFetch.Options.DEFAULT)
        .run(
            _ -> {
              assertThat(same).as("it takes room").doesNotExist();
              assertThat(gone).doesNotExist();
            });

    assertThat(read("model.safetensors")).isEqualTo(weights);
    assertThat(read("nested/a.json")).hasSize(10);
  }

  @Test
  void needsRoomForOneFileAtATimeWhereFilesAreReplaced() throws Exception {
    Path folder = Files.createDirectories(temp.resolve("m"));
    CheckpointFetch fetch =
        new CheckpointFetch(s3, prefix, folder, CheckpointFetch.Options.DEFAULT);
    List<RemoteFile> files =
        List.of(file("a", 50), file("b", 60), file("nested/c", 40), file("new", 70));
    assertThat(fetch.needed(files)).isEqualTo(220);
    assertThat(fetch.needed(List.of())).isZero();

    Files.write(folder.resolve("a"), new byte[50]);
    Files.write(folder.resolve("b"), new byte[30]);
    Files.createDirectories(folder.resolve("nested"));
    Files.write(folder.resolve("nested/c"), new byte[40]);

    assertThat(fetch.needed(files)).isEqualTo(30 + 70);
    assertThat(fetch.needed(files.subList(0, 2))).isEqualTo(60);
  }

  private static RemoteFile file(String name, long size) {
    return new RemoteFile(name, "k/" + name, size, "etag");
  }

  @Test
  void waitsForAnotherFetchIntoTheSameFolder() throws Exception {
    put("config.json", 10);
    Files.createDirectories(temp.resolve("m"));
    // A lock that this process holds already cannot be waited for in it: that shows it is asked
    // for.
    try (FileChannel held = FetchedFiles.lock(temp.resolve("m"))) {
      assertThat(held.isOpen()).isTrue();
      assertThatThrownBy(this::fetch)
          .isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
    }
    fetch();
  }
}
