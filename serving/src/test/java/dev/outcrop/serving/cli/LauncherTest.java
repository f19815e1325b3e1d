package dev.outcrop.serving.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a small tree of its own, with a JDK and a Maven that only note their calls. */
@Timeout(60)
final class LauncherTest {
  private static final String JAVA =
      """
      #!/bin/sh
      case "$*" in
        *MavenWrapperMain*)
          echo "wrapper $*" >>"$NOTES"
          exec "$FAKE_BUILD"
          ;;
        *ArchiveClassesAtExit=*)
          [ -z "$FAKE_REFUSES" ] || exit 1
          for each; do
            case $each in *AtExit=*) echo "$*" >"${each#*=}" ;; esac
          done
          exit
          ;;
      esac
      echo "java $*"
      echo "large pages: $THP_MEM_ALLOC_ENABLE"
      """;
  private static final String MAVEN =
      """
      #!/bin/sh
      case " $* " in
        *" -v "*) echo "Apache Maven $FAKE_VERSION (abc)"; exit 0 ;;
      esac
      echo "mvn $*" >>"$NOTES"
      exec "$FAKE_BUILD"
      """;
  private static final String BUILD =
      """
      #!/bin/sh
      echo "$$" >"$NOTES.pid"
      [ -z "$FAKE_HANGS" ] || { sleep 50 & wait; }
      sleep 0.3
      for module in serving k8s bench; do
        mkdir -p $module/target
        : >$module/target/outcrop-$module-0.1.0-SNAPSHOT.jar
        echo "$FAKE_LIBRARY:$FAKE_LIBRARY" >$module/target/classpath
      done
      echo built >>"$NOTES"
      """;

  @TempDir private Path folder;
  private Path root;
  private Path notes;

  private record Run(int status, String out, String err) {}

  @BeforeEach
  void plant() throws IOException {
    root = Files.createDirectories(folder.resolve("the tree").resolve("outcrop"));
    notes = folder.resolve("notes");
    Files.copy(Path.of("..", "outcrop"), root.resolve("outcrop"));
    root.resolve("outcrop").toFile().setExecutable(true);
    Files.createDirectories(root.resolve(".mvn/wrapper"));
    Files.writeString(root.resolve(".mvn/jvm.config"), "-Xmx64m\n-Dfrom=jvm.config\n");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    for (String module : List.of("models", "batching", "serving", "k8s", "bench")) {
      Files.createDirectories(root.resolve(module).resolve("src/main"));
      Files.writeString(root.resolve(module).resolve("pom.xml"), "<project/>");
    }
    Files.writeString(source(), "int a = 1;");
    Files.writeString(folder.resolve("library.jar"), "");
    Path jdk = Files.createDirectories(folder.resolve("jdk/bin")).getParent();
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    script(jdk.resolve("bin/java"), JAVA);
    script(jdk.resolve("bin/javac"), "#!/bin/sh\n");
    script(Files.createDirectories(folder.resolve("bin")).resolve("mvn"), MAVEN);
    script(folder.resolve("build"), BUILD);
  }

  private Path source() {
    return root.resolve("models/src/main/A B.java");
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    file.toFile().setExecutable(true);
  }

  private Process start(Path command, Map<String, String> more, String... arguments)
      throws IOException {
    List<String> line = new ArrayList<>(List.of(command.toString()));
    line.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("OUTCROP_") || name.startsWith("MAVEN_"));
    environment.put("PATH", folder.resolve("bin") + ":" + environment.get("PATH"));
    environment.put("JAVA_HOME", folder.resolve("jdk").toString());
    environment.put("NOTES", notes.toString());
    environment.put("FAKE_BUILD", folder.resolve("build").toString());
    environment.put("FAKE_LIBRARY", folder.resolve("library.jar").toString());
    environment.put("FAKE_VERSION", "3.9.11");
    more.forEach(
        (name, value) -> {
          if (value.isEmpty()) {
            environment.remove(name);
          } else {
            environment.put(name, value);
          }
        });
    return builder.start();
  }

  private static Run ended(Process process) throws IOException, InterruptedException {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out, err);
  }

  private Run run(Map<String, String> more, String... arguments)
      throws IOException, InterruptedException {
    return ended(start(root.resolve("outcrop"), more, arguments));
  }

  private long builds() throws IOException {
    return Files.exists(notes)
        ? Files.readAllLines(notes).stream().filter("built"::equals).count()
        : 0;
  }

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
  void startsWithTheClassesOfAnEarlierStartWhereTheyCouldBeKept() throws Exception {
    Path archive = root.resolve(".outcrop/serving.jsa");

    assertThat(run(Map.of(), "demo").out()).contains(" -XX:SharedArchiveFile=" + archive + " ");
    assertThat(archive).content().contains("Main demo --ask");
    Files.writeString(source(), "int a = 2;");
    Run without = run(Map.of("FAKE_REFUSES", "yes"), "demo");
    assertThat(without.status()).as(without.err()).isZero();
    assertThat(without.out()).contains("Main demo").doesNotContain("SharedArchiveFile");
    assertThat(archive).doesNotExist();
  }

  @Test
  void asksForLargePagesWhereTheEnvironmentSaysNothing() throws Exception {
    String variable = "THP_MEM_ALLOC_ENABLE";

    assertThat(run(Map.of(variable, ""), "demo").out()).endsWith("large pages: 1\n");
    assertThat(run(Map.of(variable, "0"), "demo").out()).endsWith("large pages: 0\n");
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

  private static void await(Path file) throws InterruptedException {
    dev.outcrop.serving.testing.Await.until(() -> Files.exists(file) && file.toFile().length() > 0);
  }
}
