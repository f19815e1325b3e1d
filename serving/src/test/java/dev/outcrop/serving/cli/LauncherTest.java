package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How the launcher builds, tests, and waits for others who do. */
final class LauncherTest extends LauncherTree {
  @Test
  void buildsOnceAndThenOnlyRuns() throws Exception {
    Run first = run(Map.of(), "demo", "--ask", "a b");
    Run second = run(Map.of(), "bench", "converse");

    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.out())
        .contains("library.jar dev.outcrop.serving.cli.Main demo --ask a b")
        .startsWith("java --enable-native-access");
    assertThat(second.out()).contains("dev.outcrop.bench.Main converse");
    assertThat(run(Map.of(), "signals", "--once").out()).contains("dev.outcrop.k8s.Main --once");
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void seesAnEditThatChangesNeitherSizeNorTime() throws Exception {
    run(Map.of(), "demo");
    FileTime time = Files.getLastModifiedTime(source());
    Files.writeString(source(), "int a = 2;");
    Files.setLastModifiedTime(source(), time);

    run(Map.of(), "demo");

    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void buildsAgainWhereALibraryIsGone() throws Exception {
    run(Map.of(), "demo");
    Files.delete(folder.resolve("library.jar"));
    run(Map.of(), "demo");
    Files.delete(root.resolve("serving/target/classpath"));
    Files.writeString(folder.resolve("library.jar"), "");
    run(Map.of(), "demo");

    assertThat(builds()).isEqualTo(3);
  }

  @Test
  void buildsOnceForManyWhoComeAtOnceAfterOneThatDied() throws Exception {
    Path lock = Files.createDirectories(root.resolve(".outcrop/lock"));
    Files.writeString(lock.resolve("999999999.1"), "");
    Files.writeString(lock.resolve("pid"), "");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(start(root.resolve("outcrop"), Map.of(), "demo"));
    }

    for (Process process : processes) {
      assertThat(ended(process).status()).isZero();
    }
    assertThat(builds()).isEqualTo(1);
    assertThat(lock).isEmptyDirectory();
  }

  @Test
  void tellsForWhomItWaits() throws Exception {
    Process holder = start(root.resolve("outcrop"), Map.of("FAKE_HANGS", "yes"), "test");
    await(Path.of(notes + ".pid"));

    Process waiting = start(root.resolve("outcrop"), Map.of(), "demo");
    String told = waiting.errorReader().readLine();

    assertThat(told).contains("waiting for process " + holder.pid() + ",");
    holder.toHandle().destroy();
    assertThat(ended(waiting).status()).isZero();
    assertThat(ended(holder).status()).isEqualTo(128 + 15);
  }

  @Test
  void endsMavenWhenItIsStopped() throws Exception {
    for (String command : List.of("demo", "test")) {
      Files.deleteIfExists(Path.of(notes + ".pid"));
      Process process = start(root.resolve("outcrop"), Map.of("FAKE_HANGS", "yes"), command);
      await(Path.of(notes + ".pid"));
      ProcessHandle maven =
          ProcessHandle.of(Long.parseLong(Files.readString(Path.of(notes + ".pid")).strip()))
              .orElseThrow();
      List<ProcessHandle> below = maven.descendants().toList();

      process.toHandle().destroy();

      assertThat(ended(process).status()).isEqualTo(128 + 15);
      maven.onExit().get(10, TimeUnit.SECONDS);
      for (ProcessHandle handle : below) {
        handle.onExit().get(10, TimeUnit.SECONDS);
      }
      assertThat(root.resolve(".outcrop/lock")).isEmptyDirectory();
    }
  }

  @Test
  void aTestMayStartTheLauncher() throws Exception {
    script(
        folder.resolve("build"),
        BUILD + "[ -n \"$INNER\" ] || INNER=yes \"$PWD/outcrop\" demo >>\"$NOTES\"\n");

    assertThat(run(Map.of(), "test").status()).isZero();
    assertThat(Files.readString(notes)).contains("java ").contains("Main demo");
  }

  @Test
  void failsAsMavenDoes() throws Exception {
    script(folder.resolve("build"), "#!/bin/sh\necho '[ERROR] no such thing'\nexit 3\n");

    assertThat(run(Map.of(), "test").status()).isEqualTo(3);
    Run demo = run(Map.of(), "demo");
    assertThat(demo.status()).isEqualTo(1);
    assertThat(demo.err()).contains("[ERROR] no such thing").contains("build.log");
  }

  @Test
  void letsClientsOfOthersInAfterALongTestThatPassed() throws Exception {
    Path clients = Files.createDirectories(root.resolve("serving/src/test/clients"));
    script(clients.resolve("run"), "#!/bin/sh\necho clients\nexit 7\n");
    Path job = Files.createDirectories(root.resolve("models/neuron")).resolve("test");
    script(job, "#!/bin/sh\necho job\n");
    Path images = Files.createDirectories(root.resolve("serving/src/images"));
    Files.writeString(images.resolve("build.sh"), "");
    Files.writeString(
        images.resolve("containers.sh"),
        """
        start_containers() { echo engine begins >>"$NOTES"; }
        stop_containers() { echo engine ends >>"$NOTES"; }
        """);

    assertThat(run(Map.of(), "test").status()).isZero();
    Run passed = run(Map.of(), "test", "--long");
    assertThat(passed.out()).endsWith("job\nclients\n");
    assertThat(passed.status()).isEqualTo(7);
    assertThat(Files.readString(notes)).contains("engine begins\n", "engine ends\n");

    script(job, "#!/bin/sh\nexit 5\n");
    Run broken = run(Map.of(), "test", "--long");
    assertThat(broken.out()).doesNotContain("clients");
    assertThat(broken.status()).isEqualTo(5);

    script(folder.resolve("build"), "#!/bin/sh\nexit 3\n");
    Run failed = run(Map.of(), "test", "--long");
    assertThat(failed.out()).doesNotContain("clients");
    assertThat(failed.status()).isEqualTo(3);
  }

  @Test
  void runsTheOtherTestsWhereAnImageCannotBeBuilt() throws Exception {
    script(
        Files.createDirectories(root.resolve("serving/src/test/clients")).resolve("run"),
        "#!/bin/sh\n");
    script(Files.createDirectories(root.resolve("models/neuron")).resolve("test"), "#!/bin/sh\n");
    Path images = Files.createDirectories(root.resolve("serving/src/images"));
    for (String file : List.of("build.sh", "containers.sh")) {
      Files.copy(Path.of("src/images", file), images.resolve(file));
    }
    Path chart = Files.createDirectories(root.resolve("helm/outcrop")).resolve("Chart.yaml");
    Files.writeString(chart, "appVersion: \"1.2\"\n");
    Path made = Files.createDirectories(root.resolve("target/images"));
    Files.writeString(made.resolve("base.tar"), "");
    script(folder.resolve("bin/docker"), "#!/bin/sh\necho \"docker $*\" >>\"$NOTES\"\n");

    Run run = run(Map.of(), "test", "--long"); // the JDK here has no jlink

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).contains("no tests of the images: they could not be built");
    assertThat(Files.readString(notes)).contains("mvn -B -ntp -Dlong verify");
    assertThat(Files.readString(notes)).doesNotContain("docker load");
    assertThat(made.resolve("layers/jre.of")).doesNotExist();
  }

  @Test
  void takesTheWrapperWhereMavenIsTooOld() throws Exception {
    Run run = run(Map.of("FAKE_VERSION", "3.6.3", "MAVEN_OPTS", "-Dmine=1 -Dmine2=2"), "test");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).contains("3.6.3").contains("3.8.7");
    assertThat(Files.readString(notes))
        .contains("wrapper -classpath ")
        .contains(" -Xmx64m -Dfrom=jvm.config -Dmine=1 -Dmine2=2 ")
        .contains("MavenWrapperMain -B -ntp verify");
    for (String version : List.of("3.8.7", "3.10.0", "4.0.0-rc-4")) {
      Files.delete(notes);
      run(Map.of("FAKE_VERSION", version), "test");
      assertThat(Files.readString(notes)).as(version).startsWith("mvn -B");
    }
  }
}
