package dev.outcrop.serving.images;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code serving/src/images/Sbom.java} says is in an image. */
final class SbomTest {
  private static final String LIBTORCH =
      "pkg:maven/ai.djl.pytorch/pytorch-native-cpu@2.7.1?classifier=linux-x86_64&type=jar";

  @TempDir private Path folder;

  @BeforeEach
  void writeFiles() throws Exception {
    Files.writeString(
        folder.resolve("maven.json"),
        """
        {"bomFormat": "CycloneDX", "serialNumber": "urn:uuid:of-maven",
         "components": [
           {"type": "library", "name": "picocli", "version": "4", "bom-ref": "p", "purl": "p"},
           {"type": "library", "name": "pytorch-native-cpu", "version": "2.7.1", "purl": "%1$s"}],
         "dependencies": [{"ref": "p", "dependsOn": ["%1$s", "q"]}, {"ref": "%1$s"}]}
        """
            .formatted(LIBTORCH));
    Path status = folder.resolve("base/var/lib/dpkg/status");
    Files.createDirectories(status.getParent());
    Files.writeString(
        status,
        """
        Package: libc6
        Status: install ok installed
        Architecture: amd64
        Version: 2.36-9+deb12u14
        Description: GNU C Library
         shared libraries: many

        Package: gone
        Status: deinstall ok config-files
        Architecture: amd64
        Version: 1
        """);
    Path release = folder.resolve("base/usr/lib/os-release");
    Files.createDirectories(release.getParent());
    Files.writeString(release, "ID=debian\nVERSION_ID=\"12\"\n");
  }

  @Test
  void namesTheJreTheBaseAndItsPackages() throws Exception {
    JsonNode sbom = sbom("files=" + folder.resolve("base"));
    assertThat(names(sbom))
        .containsExactly(
            "picocli 4",
            "pytorch-native-cpu 2.7.1",
            "jre " + System.getProperty("java.runtime.version"),
            "debian:12 sha256:12",
            "libc6 2.36-9+deb12u14");
    assertThat(sbom.path("components").path(4).path("purl").asText())
        .isEqualTo("pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12");
    assertThat(sbom.path("serialNumber").asText()).startsWith("urn:uuid:").doesNotContain("maven");
    assertThat(sbom("files=" + folder.resolve("base"))).isEqualTo(sbom);
  }

  @Test
  void namesTheLibtorchOfTheBaseInPlaceOfMavens() throws Exception {
    JsonNode sbom = sbom("libtorch=2.7.1");
    assertThat(names(sbom)).contains("libtorch 2.7.1").doesNotContain("pytorch-native-cpu 2.7.1");
    assertThat(sbom.toString()).doesNotContain("pytorch-native-cpu");
    assertThat(sbom.path("dependencies").path(0).path("dependsOn").toString()).isEqualTo("[\"q\"]");
  }

  private static List<String> names(JsonNode sbom) {
    List<String> names = new ArrayList<>();
    for (JsonNode component : sbom.path("components")) {
      names.add(component.path("name").asText() + " " + component.path("version").asText());
    }
    return names;
  }

  private JsonNode sbom(String option) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Path.of("src/images/Sbom.java").toString(),
                folder.resolve("maven.json").toString(),
                folder.resolve("out/sbom.json").toString(),
                "base=debian:12",
                "digest=sha256:12",
                option)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return new ObjectMapper().readTree(folder.resolve("out/sbom.json").toFile());
  }
}
