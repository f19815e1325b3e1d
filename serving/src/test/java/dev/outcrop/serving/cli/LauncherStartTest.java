package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the launcher starts, and with what. */
final class LauncherStartTest extends LauncherTree {
  @Test
  void keepsTheClassesOfAStartOnceForAJar() throws Exception {
    Path kept = root.resolve(".outcrop/serving.jsa");

    assertThat(run(Map.of(), "keys").out()).contains("Main keys").doesNotContain("SharedArchive");
    assertThat(run(Map.of(), "serve").out()).contains(" -XX:SharedArchiveFile=" + kept + " ");
    assertThat(run(Map.of(), "keys").out()).contains(" -XX:SharedArchiveFile=" + kept + " ");
    assertThat(kept).content().contains("Main demo --ask");
    assertThat(run(Map.of(), "demo").err()).isEmpty();
    Files.writeString(root.resolve("serving/target/outcrop-serving-0.1.0-SNAPSHOT.jar"), "other");

    Map<String, String> refusing = Map.of("FAKE_REFUSES", "yes");
    for (int i = 0; i < 2; i++) {
      Run without = run(refusing, "demo");
      assertThat(without.status()).as(without.err()).isZero();
      assertThat(without.out()).contains("Main demo").doesNotContain("SharedArchive");
    }
    assertThat(Files.readAllLines(notes)).filteredOn("keeps"::equals).hasSize(2);
  }

  @Test
  void canBeStoppedWhileItKeepsClasses() throws Exception {
    Process process = start(root.resolve("outcrop"), Map.of("FAKE_STALLS", "yes"), "demo");
    await(Path.of(notes + ".java"));
    String java = Files.readString(Path.of(notes + ".java")).strip();
    ProcessHandle stalled = ProcessHandle.of(Long.parseLong(java)).orElseThrow();

    process.toHandle().destroy();

    assertThat(ended(process).status()).isEqualTo(128 + 15);
    stalled.onExit().get(10, TimeUnit.SECONDS);
    assertThat(root.resolve(".outcrop/lock")).isEmptyDirectory();
    assertThat(run(Map.of(), "demo").out()).contains("SharedArchiveFile");
  }

  @Test
  void asksForLargePagesWhereTheEnvironmentSaysNothing() throws Exception {
    String variable = "THP_MEM_ALLOC_ENABLE";

    assertThat(run(Map.of(variable, ""), "demo").out()).endsWith("large pages: 1\n");
    assertThat(run(Map.of(variable, "0"), "demo").out()).endsWith("large pages: 0\n");
  }

  @Test
  void findsItsTreeThroughALinkAndInSpiteOfCdpath() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("my bin"));
    Files.createSymbolicLink(bin.resolve("oc"), Path.of("../the tree/outcrop/outcrop"));
    Files.createSymbolicLink(bin.resolve("oc2"), Path.of("oc"));

    Run run = ended(start(bin.resolve("oc2"), Map.of("CDPATH", folder + ":."), "demo"));

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).contains(root + "/serving/target");
  }

  @Test
  void helpNeedsNeitherAJdkNorAHome() throws Exception {
    Map<String, String> bare = Map.of("JAVA_HOME", "", "HOME", "", "PATH", "/usr/bin:/bin");
    for (String[] line : new String[][] {{}, {"--help"}, {"help"}, {"test", "--help"}}) {
      Run run = run(bare, line);
      assertThat(run.status()).as(run.err()).isZero();
      assertThat(run.out()).startsWith("Usage: outcrop ");
    }
    assertThat(run(bare, "--help").out()).contains("engine, load");
    assertThat(run(Map.of("HOME", ""), "demo").status()).isZero();
    assertThat(run(bare, "nonsense").status()).isEqualTo(1);
  }
}
