package dev.outcrop.serving.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a small tree of its own, with a JDK and a Maven that only note their calls. */
@Timeout(60)
abstract class LauncherTree {
  private static final String JAVA =
      """
      #!/bin/sh
      case "$*" in
        *MavenWrapperMain*)
          echo "wrapper $*" >>"$NOTES"
          exec "$FAKE_BUILD"
          ;;
        *ArchiveClassesAtExit=*)
          echo keeps >>"$NOTES"
          [ -z "$FAKE_REFUSES" ] || exit 1
          [ -z "$FAKE_STALLS" ] || { echo "$$" >"$NOTES.java"; sleep 50 & wait; }
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
  static final String BUILD =
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

  @TempDir Path folder;
  Path root;
  Path notes;

  record Run(int status, String out, String err) {}

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

  Path source() {
    return root.resolve("models/src/main/A B.java");
  }

  static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    file.toFile().setExecutable(true);
  }

  Process start(Path command, Map<String, String> more, String... arguments) throws IOException {
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

  static Run ended(Process process) throws IOException, InterruptedException {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out, err);
  }

  Run run(Map<String, String> more, String... arguments) throws IOException, InterruptedException {
    return ended(start(root.resolve("outcrop"), more, arguments));
  }

  long builds() throws IOException {
    return Files.exists(notes)
        ? Files.readAllLines(notes).stream().filter("built"::equals).count()
        : 0;
  }

  static void await(Path file) throws InterruptedException {
    dev.outcrop.serving.testing.Await.until(() -> Files.exists(file) && file.toFile().length() > 0);
  }
}
