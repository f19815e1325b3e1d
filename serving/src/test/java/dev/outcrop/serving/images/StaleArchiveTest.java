package dev.outcrop.serving.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the images trust the JVM with: an archive of classes is not used with other jars than those
 * it was made of, even where all files bear the same time, as they do in an image.
 */
final class StaleArchiveTest {
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin/java").toString();
  private static final FileTime IMAGE_TIME = FileTime.fromMillis(1000);

  @TempDir private Path folder;

  @Test
  void changedJarIsNotServedFromTheArchive() throws Exception {
    Path jar = jar("\"first\"");
    Path archive = folder.resolve("app.jsa");
    Path classes = Files.writeString(folder.resolve("classes"), "Told\n");
    java(
        "-Xshare:dump",
        "-XX:SharedClassListFile=" + classes,
        "-XX:SharedArchiveFile=" + archive,
        "-cp",
        jar.toString());

    assertThat(told(archive, jar)).isEqualTo("first shared");
    jar("\"second, of another size\"");
    assertThat(told(archive, jar)).isEqualTo("second, of another size jar");
  }

  /** What the class says, and where it came from. */
  private String told(Path archive, Path jar) throws IOException, InterruptedException {
    List<String> lines =
        java(
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "-XX:SharedArchiveFile=" + archive,
            "-Xlog:disable",
            "-Xlog:class+load:file=" + folder.resolve("loads"),
            "-cp",
            jar.toString(),
            "Told");
    boolean shared =
        Files.readString(folder.resolve("loads")).contains("Told source: shared objects file");
    return lines.getLast() + (shared ? " shared" : " jar");
  }

  private Path jar(String text) throws IOException {
    Path source =
        Files.writeString(
            folder.resolve("Told.java"),
            "class Told { public static void main(String[] a) { System.out.println(%s); } }"
                .formatted(text));
    assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString()))
        .isZero();
    Path jar = folder.resolve("app.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file)) {
      JarEntry entry = new JarEntry("Told.class");
      entry.setTime(0);
      out.putNextEntry(entry);
      Files.copy(folder.resolve("Told.class"), out);
    }
    Files.setLastModifiedTime(jar, IMAGE_TIME);
    return jar;
  }

  private List<String> java(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(JAVA));
    command.addAll(List.of(options));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }
}
