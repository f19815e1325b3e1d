package dev.outcrop.serving.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code serving/src/images/Images.java} takes out of jars for the images. */
final class NativesTest {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
  private static final String PLATFORM = ARM ? "linux-aarch64" : "linux-x86_64";

  @TempDir private Path folder;

  @Test
  void takesALibraryAnewThatChangedWithoutChangingItsSize() throws Exception {
    Path library = folder.resolve("layers/native/opt/outcrop/native/tokenizers/libtokenizers.so");
    natives("first!");
    assertThat(library).hasContent("first!");
    natives("second");
    assertThat(library).hasContent("second");
  }

  @Test
  void leavesNothingOfAnotherVersion() throws Exception {
    Path old = folder.resolve("layers/native-cpu/opt/outcrop/native/pytorch/0.9-cpu/libc10.so");
    Files.createDirectories(old.getParent());
    Files.writeString(old, "old");
    natives("new");
    assertThat(old.getParent()).doesNotExist();
    String torch = "layers/native-cpu/opt/outcrop/native/pytorch/1-cpu-" + PLATFORM;
    assertThat(folder.resolve(torch + "/libc10.so")).hasContent("new");
  }

  private void natives(String content) throws Exception {
    List<String> jars = new ArrayList<>();
    jars.add(jar("pytorch-native-cpu-1.jar", content, "pytorch/cpu/" + PLATFORM + "/libc10.so"));
    jars.add(
        jar(
            "pytorch-jni-1.jar",
            content,
            "jnilib/" + PLATFORM + "/cpu/libdjl_torch.so",
            "jnilib/" + PLATFORM + "/cu128/libdjl_torch.so"));
    jars.add(jar("tokenizers-1.jar", content, "native/lib/" + PLATFORM + "/cpu/libtokenizers.so"));
    String jna = ARM ? "linux-aarch64" : "linux-x86-64";
    jars.add(jar("jna-1.jar", content, "com/sun/jna/" + jna + "/libjnidispatch.so"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                Path.of("src/images/Images.java").toString(),
                "natives",
                folder.resolve("layers").toString(),
                "1",
                "1",
                String.join(":", jars))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private String jar(String name, String content, String... entries) throws IOException {
    Path jar = folder.resolve(name);
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file)) {
      for (String entry : entries) {
        out.putNextEntry(new JarEntry(entry));
        out.write(content.getBytes(StandardCharsets.UTF_8));
        out.closeEntry();
      }
    }
    return jar.toString();
  }
}
