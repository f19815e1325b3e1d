package dev.outcrop.serving.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.outcrop.models.OutcropException;
import dev.outcrop.serving.config.AuthConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReloadingTest {
  private final List<Boolean> reloads = new ArrayList<>();

  private static String line(String key) {
    return Hashes.hex(Hashes.sha256(key)) + " team\n";
  }

  private static boolean knows(Reloading reloading, String key) {
    return reloading.get().apiKey(Hashes.sha256(key)) != null;
  }

  /** As it is needed for a file to be taken. */
  private static void lookTwice(Reloading reloading) {
    reloading.look();
    reloading.look();
  }

  private Reloading read(Path file) {
    return Reloading.of(new AuthConfig(file), () -> 0, reloads::add);
  }

  @Test
  void looksAtContentNotAtTimes(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), line("one"));
    try (Reloading reloading = read(file)) {
      var time = Files.getLastModifiedTime(file);
      Files.writeString(file, line("two"));
      Files.setLastModifiedTime(file, time);
      lookTwice(reloading);
      assertThat(knows(reloading, "one")).isFalse();
      assertThat(knows(reloading, "two")).isTrue();
      reloading.look();
    }
    assertThat(reloads).containsExactly(true);
  }

  @Test
  void followsTheLinksThatKubernetesSwaps(@TempDir Path folder) throws IOException {
    Files.createDirectory(folder.resolve("..2026_1"));
    Files.createDirectory(folder.resolve("..2026_2"));
    Files.writeString(folder.resolve("..2026_1/keys"), line("one"));
    Files.writeString(folder.resolve("..2026_2/keys"), line("two"));
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2026_1"));
    Path file = Files.createSymbolicLink(folder.resolve("keys"), Path.of("..data", "keys"));
    try (Reloading reloading = read(file)) {
      assertThat(knows(reloading, "one")).isTrue();

      Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2026_2"));
      Files.move(
          folder.resolve("..data_tmp"),
          folder.resolve("..data"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      lookTwice(reloading);
      assertThat(knows(reloading, "one")).isFalse();
      assertThat(knows(reloading, "two")).isTrue();
    }
  }

  @Test
  void keepsWhatItHasWhileTheFileIsWrongOrGone(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), line("one"));
    try (Reloading reloading = read(file)) {
      Files.writeString(file, "nonsense\n");
      reloading.look();
      reloading.look();
      assertThat(knows(reloading, "one")).isTrue();
      assertThat(reloads).containsExactly(false);

      Files.delete(file);
      reloading.look();
      assertThat(knows(reloading, "one")).isTrue();
      assertThat(reloads).containsExactly(false, false);

      Files.write(file, new byte[5 << 20]);
      reloading.look();
      assertThat(knows(reloading, "one")).isTrue();

      Files.writeString(file, line("two"));
      lookTwice(reloading);
      assertThat(knows(reloading, "two")).isTrue();
      assertThat(reloads).containsExactly(false, false, false, true);
    }
  }

  @Test
  void takesNoFileThatIsStillBeingWritten(@TempDir Path folder) throws IOException {
    String before = line("one") + line("two") + line("three");
    Path file = Files.writeString(folder.resolve("keys"), before);
    try (Reloading reloading = read(file)) {
      for (String half : List.of(line("one"), line("one") + line("two"), before, line("one"))) {
        Files.writeString(file, half);
        reloading.look();
        assertThat(knows(reloading, "three")).isTrue();
      }
      assertThat(reloads).isEmpty();

      Files.writeString(file, before + line("four"));
      lookTwice(reloading);
      assertThat(knows(reloading, "four")).isTrue();
      assertThat(reloads).containsExactly(true);
    }
  }

  @Test
  void refusesToStartWithAFileThatIsWrong(@TempDir Path folder) throws IOException {
    assertThatThrownBy(() -> read(folder.resolve("none")))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("none");
    Path file = Files.writeString(folder.resolve("policy"), "principals: []\n");
    assertThatThrownBy(() -> Reloading.of(AuthConfig.policy(file), () -> 0, reloads::add))
        .isInstanceOf(OutcropException.class)
        .hasMessageContaining("names no principal");
    assertThat(Reloading.of(AuthConfig.DEFAULT, () -> 0, reloads::add)).isNull();
  }
}
